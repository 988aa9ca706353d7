// The hashes of a ledger whose accounts go on changing: computed where they are asked for, or on a
// thread of their own while the accounts of the next block are changed here.

import type { LedgerHash } from "@forklift/chain";
import type { Ledger } from "./ledger.ts";
import { TreeThread } from "./tree-thread.ts";

/**
 * Every answer is of the accounts as they stood at the call. Answers come in the order of the calls,
 * and the caller bounds how many are waited for at once.
 */
export interface LedgerTree extends AsyncDisposable {
  ledgerHash(): Promise<LedgerHash>;
  /** The first call hashes every account, later ones what has changed since. */
  berkeleyLedgerHash(): Promise<LedgerHash>;
  /** 32 bytes for each account, in their order. */
  leafHashes(): Promise<Uint8Array>;
  /** Done so far on a thread of its own, where `permutationsDone` does not see them. */
  readonly permutationsElsewhere: number;
}

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
