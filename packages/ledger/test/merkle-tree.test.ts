// Which hashes the tree requests of its rules, and when. The rules here add up instead of hashing.

import { FIELD_BYTES, publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { LEGACY_TREE_RULES } from "../src/tree/legacy-tree-rules.ts";
import type { TreeRules } from "../src/tree/tree-rules.ts";

const DEPTH = 35;

/** A node is the sum of its leaves, an account's leaf its balance, and every call is written down. */
function addingRules(calls: [height: number, count: number][]): TreeRules {
  return {
    ...LEGACY_TREE_RULES,
    depth: DEPTH,
    emptyLeaf: hash(0n),
    leafInputs(accounts, indexes) {
      const inputs = Array.from(indexes, (index) => hash(accounts.balance(index)));
      return new Uint8Array(Buffer.concat(inputs.flatMap((input) => [input, hash(0n)])));
    },
    hashLeaves(inputs) {
      calls.push([-1, inputs.length / (2 * FIELD_BYTES)]);
      return sums(inputs);
    },
    hashNodes(height, pairs) {
      calls.push([height, pairs.length / (2 * FIELD_BYTES)]);
      return sums(pairs);
    },
  };
}

function hash(sum: bigint): Buffer {
  const bytes = Buffer.alloc(FIELD_BYTES);
  bytes.writeBigUInt64LE(sum);
  return bytes;
}

function sums(pairs: Uint8Array): Uint8Array {
  const view = Buffer.from(pairs);
  const count = pairs.length / (2 * FIELD_BYTES);
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => {
      const start = 2 * at * FIELD_BYTES;
      return hash(view.readBigUInt64LE(start) + view.readBigUInt64LE(start + FIELD_BYTES));
    }),
  );
}

function sumOf(root: Uint8Array): bigint {
  return Buffer.from(root).readBigUInt64LE();
}

function ledgerOf(count: number): Ledger {
  const accounts = Array.from({ length: count }, (_, x) =>
    newAccount(publicKeyText({ x: BigInt(x), isOdd: false }), BigInt(x)),
  );
  return new Ledger(accounts);
}

test("empty subtrees are hashed once for the rules, however many ledgers there are", () => {
  const calls: [number, number][] = [];
  const rules = addingRules(calls);
  for (let ledger = 0; ledger < 3; ledger++) expect(sumOf(new Ledger().root(rules))).toBe(0n);
  expect(calls).toStrictEqual(Array.from({ length: DEPTH }, (_, height) => [height, 1]));
});

test("the first root hashes every account and every node above one, a level in one call", () => {
  const calls: [number, number][] = [];
  const rules = addingRules(calls);
  const ledger = ledgerOf(9);
  new Ledger().root(rules);
  calls.length = 0;
  expect(sumOf(ledger.root(rules))).toBe(36n);
  expect(calls.slice(0, 6)).toStrictEqual([
    [-1, 9],
    [0, 5],
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 1],
  ]);
  expect(calls).toHaveLength(1 + DEPTH);
});

test("later roots hash each changed account once, and each node above them once", () => {
  const calls: [number, number][] = [];
  const rules = addingRules(calls);
  const ledger = ledgerOf(9);
  ledger.root(rules);
  calls.length = 0;
  ledger.root(rules);
  expect(calls).toStrictEqual([]);
  // 2 and 3 have one parent, though 8 comes between them; 8 joins them at height 3.
  for (const index of [2, 8, 3, 2, 8]) ledger.table.setBalance(index, 100n);
  expect(sumOf(ledger.root(rules))).toBe(36n - 8n - 3n - 2n + 300n);
  expect(calls.slice(0, 5)).toStrictEqual([
    [-1, 3],
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 1],
  ]);
  expect(calls).toHaveLength(1 + DEPTH);
});

test("trees of two eras stand over the same accounts, each with its own work to do", () => {
  const [first, second]: [number, number][][] = [[], []];
  const [one, other] = [addingRules(first!), addingRules(second!)];
  const ledger = ledgerOf(3);
  ledger.root(one);
  ledger.table.setBalance(0, 10n);
  ledger.root(one);
  expect(sumOf(ledger.root(other))).toBe(13n);
  ledger.table.setBalance(1, 20n);
  expect(sumOf(ledger.root(other))).toBe(32n);
  expect(sumOf(ledger.root(one))).toBe(32n);
});

test("no call is ever asked to hash more than 4,096 inputs", () => {
  const calls: [number, number][] = [];
  const count = 10_000;
  expect(sumOf(ledgerOf(count).root(addingRules(calls)))).toBe(BigInt((count * (count - 1)) / 2));
  const leaves = calls.filter(([height]) => height === -1);
  expect(leaves.map(([, size]) => size)).toStrictEqual([4096, 4096, 1808]);
  expect(Math.max(...calls.map(([, size]) => size))).toBe(4096);
});
