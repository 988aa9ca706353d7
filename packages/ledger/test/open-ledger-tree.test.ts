import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { RECORD_BYTES } from "../src/accounts/account-record.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { openLedgerTree } from "../src/ledger/open-ledger-tree.ts";

/** More than travel together when a whole ledger is sent. */
const ACCOUNTS = 4_200;

function keyOf(x: number) {
  return publicKeyText({ x: BigInt(x), isOdd: x % 2 === 1 });
}

function ledgerOf(count: number): Ledger {
  return new Ledger(Array.from({ length: count }, (_, x) => newAccount(keyOf(x), BigInt(x))));
}

test("a thread answers of the ledger as it stood at each call, as this thread does", async () => {
  const ledger = ledgerOf(ACCOUNTS);
  const plain = ledgerOf(ACCOUNTS);
  await using tree = openLedgerTree(ledger, 2);
  await using here = openLedgerTree(plain, 1);
  const [answers, expected] = [ledger, plain].map((each, at) => {
    const asked = at === 0 ? tree : here;
    const given: Promise<string | Uint8Array>[] = [asked.ledgerHash()];
    for (let round = 1; round <= 5; round++) {
      each.table.setBalance(round, 77n);
      each.table.setNonce(ACCOUNTS - round, BigInt(round));
      each.appendNew(keyOf(ACCOUNTS + round), 5n);
      given.push(asked.ledgerHash());
      if (round === 3) given.push(asked.leafHashes());
    }
    // Changed by nobody who asks: no answer may know of it.
    each.table.setBalance(0, 123n);
    return given;
  });
  expect(await Promise.all(answers!)).toEqual(await Promise.all(expected!));
  expect(new Set(await Promise.all(answers!.slice(0, 3))).size).toBe(3);
  expect(tree.permutationsElsewhere).toBeGreaterThan(ACCOUNTS);
  expect(here.permutationsElsewhere).toBe(0);
});

test("a thread takes known leaf hashes over, and hashes only the nodes above them", async () => {
  const ledger = ledgerOf(500);
  const ledgerHash = ledger.ledgerHash();
  await using tree = openLedgerTree(ledger, 2);
  expect(await tree.ledgerHash()).toBe(ledgerHash);
  // The nodes above 500 leaves, one prefix for each level, and nodes of empty subtrees.
  expect(tree.permutationsElsewhere).toBeLessThan(600);
  expect(ledger.isHashed).toBe(false);
  expect(await tree.berkeleyLedgerHash()).toBe(ledgerOf(500).berkeleyLedgerHash());
});

test.each([1, 2])("a tree of %i threads that has ended refuses questions", async (threads) => {
  const ledger = ledgerOf(3);
  const tree = openLedgerTree(ledger, threads);
  await tree.ledgerHash();
  const left = tree.ledgerHash();
  // Met below; until then nobody waits for it.
  left.catch(() => undefined);
  await tree[Symbol.asyncDispose]();
  await expect(left).rejects.toThrow("has ended");
  await expect(tree.ledgerHash()).rejects.toThrow("has ended");
  // Whoever goes on with the ledger is not listened to any more.
  ledger.table.setBalance(0, 1n);
});

test("an answer that comes after the thread has failed is nobody's", async () => {
  const begun = once(process, "worker");
  await using tree = openLedgerTree(ledgerOf(3), 2);
  const [worker] = (await begun) as [Worker];
  const refused = tree.ledgerHash();
  worker.emit("error", new Error("out of memory"));
  await expect(refused).rejects.toThrow("out of memory");
  worker.emit("message", { answers: [""], permutations: 0 });
});

test("a record goes from one table to another, a new account among them", () => {
  const [from, to] = [ledgerOf(3), ledgerOf(2)];
  from.table.setBalance(1, 99n);
  to.table.putRecord(1, from.table.record(1));
  to.table.putRecord(2, from.table.record(2));
  expect(from.table.record(2)).toHaveLength(RECORD_BYTES);
  expect([...to.accounts()]).toEqual([...from.accounts()]);
  expect(to.indexOf(keyOf(2))).toBe(2);
  expect(() => to.table.putRecord(4, from.table.record(0))).toThrow("comes after 3");
  expect(() => to.table.putRecord(3, from.table.record(0))).toThrow("at index 0");
  expect(to.accountCount).toBe(3);
});
