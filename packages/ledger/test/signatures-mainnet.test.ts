// The signatures of the real blocks, orphans among them, are right.

import { describe, expect, test } from "vitest";
import { decodeStagedLedgerDiff } from "../src/block/decode-staged-ledger-diff.ts";
import { type SignedCommand, wrongSignatures } from "../src/signature/wrong-signatures.ts";
import { hasMainnetData, unpackBlocks } from "./mainnet-data.ts";

/** The quick suite looks at the blocks up to this height. */
const FEW = 150n;

describe.skipIf(!hasMainnetData)("the user commands of mainnet", () => {
  test(`up to height ${FEW} are signed by their fee payers`, async () => {
    const commands = await signedCommands(FEW);
    expect(commands.length).toBeGreaterThan(200);
    expect(wrongSignatures(commands, "mainnet")).toEqual([]);
    // By the prefix of every other network none is.
    const few = commands.slice(0, 5);
    expect(wrongSignatures(few, "testnet")).toEqual(few.map((_, at) => at));
  });

  test("all 11,004 of 3,915 blocks are", { tags: ["only-in-all"] }, async () => {
    const commands = await signedCommands();
    expect(commands).toHaveLength(11_004);
    expect(wrongSignatures(commands, "mainnet")).toEqual([]);
    // More than are summed up together, with wrong ones at the seams.
    const wrong = [0, 1_023, 1_024, 2_099];
    const forged = commands.slice(0, 2_100).map((signed, at) => {
      // A neighbour may be the same command, in another block of the height.
      const { signature } = commands[wrong.includes(at) ? at + 5_000 : at]!;
      return { ...signed, signature };
    });
    expect(wrongSignatures(forged, "mainnet")).toEqual(wrong);
  });
});

async function signedCommands(upTo?: bigint): Promise<SignedCommand[]> {
  const files = await unpackBlocks();
  return files.names
    .filter(({ height }) => upTo === undefined || height <= upTo)
    .flatMap(({ stateHash }) => {
      const json = files.read(stateHash) as { readonly staged_ledger_diff: unknown };
      return decodeStagedLedgerDiff(json.staged_ledger_diff).flatMap(({ commands }) => commands);
    });
}
