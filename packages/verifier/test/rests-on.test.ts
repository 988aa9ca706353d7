// What columns rest on in the end, worked out from the proofs of a run and from what an earlier one has told.

import { expect, test } from "vitest";
import { openRests, restsBefore, restsOf, weakerOf } from "../src/rests-on.ts";

const by = {
  "blocks.height": ["state hash", "chain"],
  "blocks.timestamp": ["equal to the source"],
  "blocks.chain_status": ["constant", "equal to the source"],
  "user_commands.hash": ["recomputed transaction hash", "equal to the source"],
  "user_commands.memo": ["receipt chain", "recomputed transaction hash"],
  "blocks_user_commands.status": ["commands", "equal to the precomputed block"],
  "accounts_accessed.block_id": ["ledger hash", "commands"],
  "internal_commands.fee": ["commands", "recomputed transaction hash"],
} as const;
const one = { files: 1, isSigned: false, hasPending: false };

test("what a hash covers rests on the chain, the rest on those who tell it", () => {
  expect(restsOf(by, one)).toEqual({
    "blocks.height": "chain",
    "blocks.timestamp": "one archive",
    "blocks.chain_status": "chain",
    "user_commands.hash": "2 sources agree",
    "user_commands.memo": "chain",
    // Sums do not tell who failed, nor how a sum was split.
    "blocks_user_commands.status": "one file",
    "accounts_accessed.block_id": "one file",
    "internal_commands.fee": "one file",
  });
});

test("signatures settle hashes, and more files all that they hold", () => {
  expect(restsOf(by, { ...one, isSigned: true })).toMatchObject({
    "user_commands.hash": "signature",
    "internal_commands.fee": "one file",
  });
  expect(restsOf(by, { ...one, files: 2 })).toMatchObject({
    "user_commands.hash": "3 sources agree",
    "internal_commands.fee": "2 sources agree",
    "accounts_accessed.block_id": "2 sources agree",
  });
});

test("only the source knows what is pending, and nobody what no run has looked at", () => {
  expect(restsOf(by, { ...one, hasPending: true })["blocks.chain_status"]).toBe("one archive");
  expect(restsOf({ "internal_commands.fee": ["earlier run"] }, one)).toEqual({});
  expect(restsOf({ "blocks.height": ["earlier run"] }, one)).toEqual({});
});

test("of two parts the weaker one counts, and what was never told was at least what every job did", () => {
  const columns = ["user_commands.hash", "user_commands.memo", "internal_commands.fee"];
  const now = restsOf(by, { ...one, isSigned: true });
  const untold = restsBefore(columns, undefined);
  expect(untold).toEqual({
    "user_commands.hash": "2 sources agree",
    "user_commands.memo": "chain",
    "internal_commands.fee": "2 sources agree",
  });
  expect(weakerOf(untold, now)).toEqual({ ...untold, "internal_commands.fee": "one file" });
  const told = restsBefore(columns, { "user_commands.hash": "one file" });
  expect(weakerOf(told, now)).toEqual({
    "user_commands.hash": "one file",
    "user_commands.memo": "chain",
    "internal_commands.fee": "one file",
  });
  expect(weakerOf(restsBefore(columns, { "user_commands.hash": "3 sources agree" }), {})).toEqual({
    "user_commands.hash": "3 sources agree",
    "user_commands.memo": "chain",
    "internal_commands.fee": "chain",
  });
  expect(openRests(told)).toEqual({ "user_commands.hash": "one file" });
});
