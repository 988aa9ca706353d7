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

/** Of the first night: 1,935 blocks above genesis, forks included. */
const DUMP = "dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz";
const DUMP_HEIGHT = 1028n;

const SHARED =
  process.env["FORKLIFT_SHARED"] ?? path.resolve(import.meta.dirname, "../../../../shared");

interface JsonWork {
  readonly fee: string;
  readonly prover: string;
}

interface JsonBlock {
  readonly protocol_state: unknown;
  readonly staged_ledger_diff: {
    readonly diff: readonly ({ readonly completed_works: readonly JsonWork[] } | null)[];
  };
}

describe.skipIf(!hasMainnetData)("the staged ledger diff of a real block", () => {
  test("gives the archive's commands, their numbers and their hashes, forks included", () => {
    const archived = commandsByBlock();
    let blockCount = 0;
    eachBlock(DUMP_HEIGHT, (block, stateHash) => {
      const expected = archived.get(stateHash);
      if (expected === undefined) return; // it came after that midnight
      const state = decodeProtocolState(block.protocol_state);
      const diff = decodeStagedLedgerDiff(block.staged_ledger_diff);
      const transactions = transactionsOfDiff(diff, state.body.consensusState);
      const internal = includedInternalCommands(transactions).map(
        ({ command: { type, receiver, fee, hash }, sequenceNo, secondarySequenceNo }) =>
          [sequenceNo, secondarySequenceNo, type, receiver, fee, hash].join(" "),
      );
      const user = transactions.flatMap((transaction, sequenceNo) =>
        transaction.kind === "user_command" ? `${sequenceNo} ${transaction.command.hash}` : [],
      );
      expect([...user, ...internal].sort(), stateHash).toStrictEqual(expected.sort());
      blockCount += 1;
    });
    expect(blockCount).toBe(archived.size);
    expect(blockCount).toBeGreaterThan(1_900);
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
          completed_works: half.completed_works.map(({ fee, prover }) => ({ fee, prover })),
        },
    ),
  };
}

/** The rows of the dump in the words of the test, by the state hash of their block. */
function commandsByBlock(): Map<string, string[]> {
  const tables = readDumpRows(path.join(SHARED, "data/mainnet", DUMP));
  const byId = (table: string) => new Map(tables.get(table)!.map((row) => [row["id"], row]));
  const keys = byId("public_keys");
  const blocks = byId("blocks");
  const internal = byId("internal_commands");
  const user = byId("user_commands");
  const texts = new Map<string, string[]>();
  const add = ({ block_id: blockId }: DumpRow, text: string) => {
    const stateHash = blocks.get(blockId!)!["state_hash"]!;
    texts.set(stateHash, [...(texts.get(stateHash) ?? []), text]);
  };
  for (const row of tables.get("blocks_internal_commands")!) {
    const { type, receiver_id, fee, hash } = internal.get(row["internal_command_id"]!)!;
    const place = [row["sequence_no"], row["secondary_sequence_no"]];
    add(row, [...place, type, keys.get(receiver_id!)!["value"], fee, hash].join(" "));
  }
  for (const row of tables.get("blocks_user_commands")!) {
    add(row, `${row["sequence_no"]} ${user.get(row["user_command_id"]!)!["hash"]}`);
  }
  return texts;
}
