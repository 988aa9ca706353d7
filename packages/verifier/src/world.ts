// Everything that a verification reads. It writes nothing.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";
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
  /** How the target writes what the official tool writes otherwise; default: in our own form. */
  readonly form?: ExpectedForm;
  /** Heights up to this one were proven by an earlier run; 0n checks everything. */
  readonly provenHeight: bigint;
}

type ConsensusState = ProtocolState["body"]["consensusState"];
type GenesisEpoch = Pick<
  ConsensusState["stakingEpochData"],
  "seed" | "startCheckpoint" | "lockCheckpoint" | "epochLength"
> & { readonly ledgerHash: LedgerHash; readonly totalCurrency: bigint };

export interface ExpectedForm {
  /** Above genesis `last_vrf_output` is the base64 of the text, itself base64, of the block. */
  readonly isVrfOutputOfficial: boolean;
  /** What the genesis row holds instead of the values of protocol 1.x. */
  readonly officialGenesis: {
    readonly snarkedLedgerHash: LedgerHash;
    readonly lastVrfOutput: string;
    readonly stakingEpochData: GenesisEpoch;
    readonly nextEpochData: GenesisEpoch;
  } | null;
}

/** The highest block of the target: what it claims to be the history of. */
export interface Tip extends BlockRef {
  readonly ledgerHash: LedgerHash;
}
