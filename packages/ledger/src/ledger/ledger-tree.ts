// Computes the hashes of a changing ledger on demand.

import type { LedgerHash } from "@forklift/chain";

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
  /** Done so far on threads of its own, where `permutationsDone` does not see them. */
  readonly permutationsElsewhere: number;
}
