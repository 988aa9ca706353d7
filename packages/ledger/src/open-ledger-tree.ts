// Where the hashes of a ledger are computed: here, when they are asked for, or on a thread of their
// own while the accounts of the next block are changed here.

import type { Ledger } from "./ledger.ts";
import type { LedgerTree } from "./ledger-tree.ts";
import { TreeThread } from "./tree-thread.ts";

/**
 * @param ledger whose hashes are asked for nowhere else from now on.
 * @param threads 1 hashes on the caller's thread. More hash on one other: a block's hashes are too
 * few to be shared among several.
 */
export function openLedgerTree(ledger: Ledger, threads: number): LedgerTree {
  return threads > 1 ? new TreeThread(ledger) : treeHere(ledger);
}

function treeHere(ledger: Ledger): LedgerTree {
  return {
    permutationsElsewhere: 0,
    ledgerHash: () => Promise.resolve(ledger.ledgerHash()),
    berkeleyLedgerHash: () => Promise.resolve(ledger.berkeleyLedgerHash()),
    leafHashes: () => Promise.resolve(ledger.leafHashes()),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
