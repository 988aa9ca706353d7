// Everything that a verification reads. It writes nothing.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import type { GenesisLedger, Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { BlockSources } from "@forklift/precomputed";

export interface VerifierWorld {
  /** The pre-fork archive. */
  readonly source: Session;
  /** The migrated archive. */
  readonly target: Session;
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
  readonly blocks: BlockSources;
  /** Heights up to this one were proven by an earlier run; 0n checks everything. */
  readonly provenHeight: bigint;
}

/** The highest block of the target: what it claims to be the history of. */
export interface Tip extends BlockRef {
  readonly ledgerHash: LedgerHash;
}
