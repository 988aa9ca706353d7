// A process of its own: follows a ledger of so many accounts on threads, as a replay with two threads does, asks for
// the ledger hashes of some windows of blocks, then for all that a checkpoint has of it, twice. Prints as JSON by how
// many bytes its resident memory rose above that of the ledger alone.

import { publicKeyText } from "@forklift/chain";
import { peakMemory } from "@forklift/system";
import {
  encodeOnThread,
  Ledger,
  newAccount,
  openLedgerTree,
  permutationsDone,
} from "../dist/index.js";

const accountCount = Number(process.argv[2]);
const THREADS = 2;
const WINDOWS = 4;
const WINDOW_BLOCKS = 100;
const BLOCK_ACCOUNTS = 26;
const HASH_BYTES = 32;

const ledger = new Ledger();
for (let x = 0; x < accountCount; x++) {
  ledger.append(newAccount(publicKeyText({ x: BigInt(x), isOdd: false }), BigInt(x)));
}
// Taken as they are: the ledger is not hashed before its tree is.
ledger.buildOn(new Uint8Array(accountCount * HASH_BYTES));
const before = peakMemory();

const tree = openLedgerTree(ledger, THREADS);
for (let window = 0; window < WINDOWS; window++) {
  const asked = [];
  for (let block = 0; block < WINDOW_BLOCKS; block++) {
    for (let at = 0; at < BLOCK_ACCOUNTS; at++) {
      const index = (at * 7919 + block * 104729 + window) % accountCount;
      ledger.table.setBalance(index, BigInt(block));
    }
    asked.push(tree.ledgerHash());
  }
  await Promise.all(asked);
}
let encodedBytes = 0;
for (let checkpoint = 0; checkpoint < 2; checkpoint++) {
  const accounts = encodeOnThread(ledger.table.records());
  await Promise.all([tree.berkeleyLedgerHash(), tree.leafHashes()]);
  for await (const piece of accounts) encodedBytes += piece.length;
}
const permutations = permutationsDone() + tree.permutationsElsewhere;
const risenBytes = peakMemory() - before;
await tree[Symbol.asyncDispose]();
console.log(JSON.stringify({ accountCount, encodedBytes, permutations, risenBytes }));
