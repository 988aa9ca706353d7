import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/account.ts";
import { BERKELEY_TREE_RULES } from "../src/berkeley-tree-rules.ts";
import { legacyHash } from "../src/hash-inputs.ts";
import { HashThreads } from "../src/hash-threads.ts";
import { Ledger } from "../src/ledger.ts";
import { LEGACY_TREE_RULES } from "../src/legacy-tree-rules.ts";

/** More than are hashed at once, so that the threads share them. */
const ACCOUNTS = 5_000;

function ledgerOf(count: number): Ledger {
  const keys = Array.from({ length: count }, (_, x) =>
    publicKeyText({ x: BigInt(x), isOdd: false }),
  );
  return new Ledger(keys.map((key, at) => newAccount(key, BigInt(at))));
}

test("threads hash as this one does, whatever the order of their answers", async () => {
  await using threads = new HashThreads(2);
  const inputs = Array.from({ length: 5 }, (_, at) => new Uint8Array(64).fill(at));
  const expected = inputs.map((input) => legacyHash.hash("CodaMklTree000", input, 1));
  const hashes = inputs.map((input) => threads.hash("legacy", "CodaMklTree000", input, 1));
  expect(await Promise.all(hashes)).toStrictEqual(expected);
});

test("a ledger that threads have hashed has the same roots, and follows its changes", async () => {
  await using threads = new HashThreads(2);
  const [ledger, plain] = [ledgerOf(ACCOUNTS), ledgerOf(ACCOUNTS)];
  const done: number[] = [];
  await ledger.hashOnThreads(LEGACY_TREE_RULES, threads, (count) => done.push(count));
  await ledger.hashOnThreads(BERKELEY_TREE_RULES, threads);
  expect(done.at(-1)).toBe(ACCOUNTS);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  for (const each of [ledger, plain]) each.table.setBalance(4_097, 77n);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  // Once more, over a tree that stands and over an account that changed since.
  for (const each of [ledger, plain]) each.table.setBalance(3, 78n);
  await ledger.hashOnThreads(LEGACY_TREE_RULES, threads);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  expect(ledger.berkeleyLedgerHash()).toBe(plain.berkeleyLedgerHash());
}, 60_000);

test("a thread that has ended refuses work instead of never answering", async () => {
  const threads = new HashThreads(1);
  const waiting = threads.hash("legacy", "CodaMklTree000", new Uint8Array(64), 1);
  // The last task of a thread that is ended on purpose may or may not be answered.
  void waiting.catch(() => undefined);
  await threads[Symbol.asyncDispose]();
  const refused = threads.hash("legacy", "CodaMklTree000", new Uint8Array(64), 1);
  await expect(refused).rejects.toThrow("ended");
});

test("what a thread cannot hash is an error of its caller", async () => {
  await using threads = new HashThreads(1);
  const refused = threads.hash("legacy", "CodaMklTree000", new Uint8Array(63), 1);
  await expect(refused).rejects.toThrow("63 bytes are not inputs");
});

test("an answer that comes after another thread has failed is nobody's", async () => {
  const begun = once(process, "worker");
  await using threads = new HashThreads(2);
  const [worker] = (await begun) as [Worker];
  const refused = threads.hash("legacy", "CodaMklTree000", new Uint8Array(63), 1);
  await expect(refused).rejects.toThrow("63 bytes are not inputs");
  worker.emit("message", { number: 0, hashes: new Uint8Array(32) });
});
