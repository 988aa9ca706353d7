// What a window of blocks holds before it is hashed.

import { publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { TreeFollower } from "../src/ledger/tree-follower.ts";
import { type HashMany, hashHere } from "../src/poseidon/hash-inputs.ts";
import { HASHED_AT_ONCE_MAX } from "../src/tree/leaf-window.ts";

const ACCOUNTS = 500;
const MIB = 2 ** 20;

test("a window is full at 4,096 leaves, and nothing above 1 MiB is ever hashed together", () => {
  let most = 0;
  const hash: HashMany = (name, prefix, inputs, pairs) => {
    most = Math.max(most, inputs.length);
    return hashHere(name, prefix, inputs, pairs);
  };
  const keys = Array.from({ length: ACCOUNTS }, (_, x) =>
    publicKeyText({ x: BigInt(x), isOdd: false }),
  );
  const ledger = new Ledger(keys.map((key) => newAccount(key, 1n)));
  const follower = new TreeFollower(hash, Number.POSITIVE_INFINITY);
  const indexes = Uint32Array.from(keys, (_, index) => index);
  const expected: string[] = [];
  for (let block = 0; !follower.isFull; block++) {
    for (const index of indexes) ledger.table.setBalance(index, BigInt(block));
    const records = Buffer.concat(Array.from(indexes, (index) => ledger.table.record(index)));
    follower.follow({ keptCount: ledger.accountCount, indexes, records });
    follower.endBlock();
    expected.push(ledger.ledgerHash());
  }
  expect(expected).toHaveLength(Math.ceil(HASHED_AT_ONCE_MAX / ACCOUNTS));
  expect(follower.takeLedgerHashes()).toStrictEqual(expected);
  expect(follower.isFull).toBe(false);
  expect(most).toBe(MIB);
});
