// Hashes a whole ledger on every core, and reports its progress.

import { availableParallelism } from "node:os";
import { HashPool, type Ledger, type TreeRules } from "@forklift/ledger";

/** Below, the accounts are hashed before the threads have started. */
const THREADS_PAY_ACCOUNTS = 5000;

/** Number of progress reports of a long rehash. */
const TOLD_TIMES = 10;

/** Told of long work between the batches: rehashing, reading a ledger back. */
export type Inform = (message: string) => void;

/** From here on `ledger.root` with those rules is cheap. */
export async function hashLedger(
  ledger: Ledger,
  rules: TreeRules,
  { what, inform }: { readonly what: string; readonly inform: Inform },
): Promise<void> {
  const { accountCount } = ledger;
  if (accountCount < THREADS_PAY_ACCOUNTS) {
    ledger.root(rules);
    return;
  }
  using pool = new HashPool(availableParallelism() - 1);
  let told = 0;
  await ledger.hashInPieces(rules, pool.hash, (done) => {
    const tenths = Math.floor((done * TOLD_TIMES) / accountCount);
    if (tenths <= told) return;
    told = tenths;
    inform(`hashing ${what}: ${done} of ${accountCount} accounts`);
  });
}
