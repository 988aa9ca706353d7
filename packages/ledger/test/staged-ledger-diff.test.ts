import { parsePublicKey } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import { decodeStagedLedgerDiff } from "../src/block/decode-staged-ledger-diff.ts";
import { encodeProtocolState } from "../src/block/encode-protocol-state.ts";
import { encodeStagedLedgerDiff } from "../src/block/encode-staged-ledger-diff.ts";
import type { StagedLedgerDiff } from "../src/block/staged-ledger-diff.ts";
import { hasMainnetData, unpackBlocks } from "./mainnet-data.ts";

const RECEIVER = parsePublicKey("B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg");

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
  test("is encoded as it was written, but for the proofs, and so is the protocol state", async () => {
    await eachBlock(400n, (block, stateHash) => {
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
    receiver: RECEIVER,
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
  [{ diff: [null, null, null] }, "staged_ledger_diff.diff: expected 2 elements, found 3"],
  [coinbaseOf(["Zero", null]), "staged_ledger_diff.diff[0].coinbase: expected 1 elements, found 2"],
  [
    coinbaseOf(["One", { receiver_pk: RECEIVER, fee: "0.10" }]),
    "staged_ledger_diff.diff[0].coinbase.fee: not in its shortest form: 0.10",
  ],
  [
    coinbaseOf(["Two", [null, { receiver_pk: RECEIVER, fee: "0.1" }]]),
    "staged_ledger_diff.diff[0].coinbase: expected an object, found null",
  ],
])("a diff of another form is refused with its path: %j", (json, message) => {
  expect(() => decodeStagedLedgerDiff(json)).toThrow(message);
});

function coinbaseOf(coinbase: unknown): object {
  const half = { commands: [], completed_works: [], internal_command_balances: [] };
  return { diff: [{ ...half, coinbase }, null] };
}

async function eachBlock(
  upTo: bigint,
  visit: (block: JsonBlock, stateHash: string) => void,
): Promise<void> {
  const blocks = await unpackBlocks();
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
