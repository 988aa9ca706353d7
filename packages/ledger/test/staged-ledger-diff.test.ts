import path from "node:path";
import { describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/decode-protocol-state.ts";
import { decodeStagedLedgerDiff } from "../src/decode-staged-ledger-diff.ts";
import { transactionsOfDiff } from "../src/diff-transactions.ts";
import { encodeProtocolState } from "../src/encode-protocol-state.ts";
import { encodeStagedLedgerDiff } from "../src/encode-staged-ledger-diff.ts";
import { includedInternalCommands } from "../src/included-commands.ts";
import type { StagedLedgerDiff } from "../src/staged-ledger-diff.ts";
import { type DumpRow, readDumpRows } from "./dump-rows.ts";
import { hasMainnetData, unpackBlocks } from "./mainnet-data.ts";

/** The dump that holds every block up to this height, forks included. */
const DUMP = "dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz";
const DUMP_HEIGHT = 1000n;

const SHARED =
  process.env["FORKLIFT_SHARED"] ?? path.resolve(import.meta.dirname, "../../../../shared");

interface JsonBlock {
  readonly protocol_state: unknown;
  readonly staged_ledger_diff: {
    readonly diff: readonly ({ readonly completed_works: readonly object[] } | null)[];
  };
}

describe.skipIf(!hasMainnetData)("the staged ledger diff of a real block", () => {
  test("gives the archive's internal commands, numbers and hashes, forks included", () => {
    const archived = internalCommandsByBlock();
    let compared = 0;
    eachBlock(DUMP_HEIGHT, (block, stateHash) => {
      const state = decodeProtocolState(block.protocol_state);
      const diff = decodeStagedLedgerDiff(block.staged_ledger_diff);
      const transactions = transactionsOfDiff(diff, state.body.consensusState);
      const commands = includedInternalCommands(transactions).map(
        ({ command: { type, receiver, fee, hash }, sequenceNo, secondarySequenceNo }) =>
          [sequenceNo, secondarySequenceNo, type, receiver, fee, hash].join(" "),
      );
      expect(commands.sort(), stateHash).toStrictEqual(archived.get(stateHash)?.sort() ?? []);
      compared += commands.length;
    });
    expect(compared).toBeGreaterThan(3_600);
  });

  test("gives the archive's user commands and their hashes", () => {
    const archived = new Set(dumpTable("user_commands").map((row) => row["hash"]));
    const hashes = new Set<string>();
    eachBlock(DUMP_HEIGHT, (block) => {
      for (const { command } of decodeStagedLedgerDiff(block.staged_ledger_diff).flatMap(
        ({ commands }) => commands,
      )) {
        hashes.add(command.hash);
      }
    });
    expect(hashes.size).toBeGreaterThan(1_500);
    expect([...hashes].filter((hash) => !archived.has(hash))).toStrictEqual([]);
  });

  test("is encoded as it was written, but for the proofs, and so is the protocol state", () => {
    eachBlock(400n, (block, stateHash) => {
      const decoded = decodeStagedLedgerDiff(block.staged_ledger_diff);
      expect(encodeStagedLedgerDiff(decoded), stateHash).toStrictEqual(withoutProofs(block));
      const state = decodeProtocolState(block.protocol_state);
      const text = JSON.stringify(encodeProtocolState(state));
      expect(text, stateHash).toBe(JSON.stringify(block.protocol_state));
    });
  });
});

test("a coinbase in two parts keeps its fee transfers when it is written and read back", () => {
  const transfer = (fee: bigint) => ({
    receiver: "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg" as never,
    fee,
  });
  const variants = [[], [transfer(1n)], [transfer(1n), transfer(2n)]] as const;
  for (const feeTransfers of variants) {
    const half = { commands: [], completedWorks: [], internalCommandBalances: [] };
    const diff: StagedLedgerDiff = [{ ...half, coinbase: { parts: 2, feeTransfers } }];
    expect(decodeStagedLedgerDiff(encodeStagedLedgerDiff(diff))).toStrictEqual(diff);
  }
});

test.each([
  [{ diff: [null, null] }, "staged_ledger_diff.diff[0]: expected an object, found null"],
  [{ diff: {} }, "staged_ledger_diff.diff: expected an array"],
  [
    {
      diff: [
        { commands: [], completed_works: [], coinbase: ["Three"], internal_command_balances: [] },
        null,
      ],
    },
    'staged_ledger_diff.diff[0].coinbase: expected Zero, One or Two, found "Three"',
  ],
])("a diff of another form is refused with its path: %j", (json, message) => {
  expect(() => decodeStagedLedgerDiff(json)).toThrow(message);
});

function eachBlock(upTo: bigint, visit: (block: JsonBlock, stateHash: string) => void): void {
  using blocks = unpackBlocks();
  for (const { height, stateHash } of blocks.names) {
    if (height <= upTo) visit(blocks.read(stateHash) as JsonBlock, stateHash);
  }
}

function withoutProofs({ staged_ledger_diff: { diff } }: JsonBlock): object {
  return {
    diff: diff.map(
      (half) =>
        half && {
          ...half,
          completed_works: half.completed_works.map((work) => ({ ...work, proofs: undefined })),
        },
    ),
  };
}

let dumped: ReturnType<typeof readDumpRows> | undefined;

function dumpTable(name: string): readonly DumpRow[] {
  dumped ??= readDumpRows(path.join(SHARED, "data/mainnet", DUMP));
  return dumped.get(name)!;
}

/** The rows in the words of the test, by the state hash of their block. */
function internalCommandsByBlock(): Map<string, string[]> {
  const byId = (table: string) => new Map(dumpTable(table).map((row) => [row["id"], row]));
  const [blocks, commands, keys] = ["blocks", "internal_commands", "public_keys"].map(byId);
  const rows = new Map<string, string[]>();
  for (const row of dumpTable("blocks_internal_commands")) {
    const { type, receiver_id, fee, hash } = commands!.get(row["internal_command_id"]!)!;
    const receiver = keys!.get(receiver_id!)!["value"];
    const place = [row["sequence_no"], row["secondary_sequence_no"]];
    const stateHash = blocks!.get(row["block_id"]!)!["state_hash"]!;
    const text = [...place, type, receiver, fee, hash].join(" ");
    rows.set(stateHash, [...(rows.get(stateHash) ?? []), text]);
  }
  return rows;
}
