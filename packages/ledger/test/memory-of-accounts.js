// A process of its own, started with --expose-gc: opens so many accounts, asks for the root over
// them, and prints as JSON what bytes they hold. `--hash` hashes them by the real rules, which does
// not take more memory, but minutes.

import { publicKeyText } from "@forklift/chain";
import { LEGACY_TREE_RULES, Ledger, newAccount } from "../dist/index.js";

const accountCount = Number(process.argv[2]);
const isHashed = process.argv.includes("--hash");

/** The texts of keys are remembered, up to a bound: these fill the caches before the counting. */
const REMEMBERED = 100_000;

const HASH_BYTES = 32;

const unhashed = {
  ...LEGACY_TREE_RULES,
  hashLeaves: (_, indexes) => new Uint8Array(indexes.length * HASH_BYTES),
  hashNodes: (_, pairs) => new Uint8Array(pairs.length / 2),
};

function* accounts(count, first) {
  for (let x = first; x < first + count; x++) {
    yield newAccount(publicKeyText({ x: BigInt(x), isOdd: false }), BigInt(x));
  }
}

function bytesHeld() {
  globalThis.gc();
  globalThis.gc();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

const ledgerOfNone = new Ledger();
for (const { publicKey } of accounts(REMEMBERED, accountCount)) ledgerOfNone.indexOf(publicKey);
const before = bytesHeld();
const start = performance.now();
const ledger = new Ledger(accounts(accountCount, 0));
const loadedMs = performance.now() - start;
ledger.root(isHashed ? LEGACY_TREE_RULES : unhashed);
const hashedMs = performance.now() - start - loadedMs;
const bytes = bytesHeld() - before;
const { rss } = process.memoryUsage();
const bytesPerAccount = bytes / ledger.accountCount;
console.log(JSON.stringify({ accountCount, bytes, bytesPerAccount, rss, loadedMs, hashedMs }));
