// The context of a verification: everything that it reads. It writes nothing.

import type { BlockRef, History, LedgerHash } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";
import type { GenesisLedger, Network } from "@forklift/network";
import type { Catalog, Session } from "@forklift/postgres";
import type { BlockSources, CommandGrounds } from "@forklift/precomputed";
import type { HealedParts } from "./healed.ts";
import type { ProvenPart } from "./proven-part.ts";

export interface VerifierContext {
  /** The pre-fork archive; null verifies without it. */
  readonly source: Session | null;
  /** Whether the creation fees that the source records are compared; default: yes. */
  readonly comparesCreationFees?: boolean;
  /** The migrated archive. */
  readonly target: Session;
  /** A second session on the target, for queries that can run in parallel. */
  readonly openTarget?: () => Promise<Session>;
  /** What the target's schema must be. */
  readonly schema: Catalog;
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
  /** The precomputed blocks; null verifies without them. */
  readonly blocks: BlockSources | null;
  /** What the commands of a block are to rest on besides one file; default: nothing. */
  readonly grounds?: CommandGrounds;
  /** The one block that is trusted. */
  readonly anchor: Anchor;
  /** How the target writes what the official tool writes otherwise; default: in our own form. */
  readonly form?: ExpectedForm;
  /** The URL of the genesis configuration that was published for the fork. */
  readonly forkGenesisConfigUrl?: string | undefined;
  /** What an earlier run has proven; null checks everything. */
  readonly proven: ProvenPart | null;
  /** Which blocks the target is to hold; default: as many as those that it has tell of. */
  readonly history?: History;
  /** State hashes of blocks beside the chain that the migration left out by name: no other may be missing. */
  readonly leftOut?: ReadonlySet<string>;
  /** Blocks of which the migration took something from their files instead; there the source is not asked. */
  readonly healed?: HealedParts;
  /** Awaited between two reads of the source; default: they follow each other at once. */
  readonly pauseSource?: () => Promise<void>;
  /** What is known of an archive that is not of our making, or no longer; null: it is as we write it. */
  readonly archive?: LivingArchive | null;
  /** Between two stretches of the walk. */
  readonly pause?: () => Promise<void>;
  /** Cores that may be used; default 1. */
  readonly threads?: number;
}

/** An archive that others have made, or that has gone on since. */
export interface LivingArchive {
  /** The form of its schema, in the words of a report. */
  readonly form: string;
  /** What its schema has besides, which is accepted. */
  readonly additions: readonly string[];
  /** Whether an upgrade may have left the row of the field 0. */
  readonly isUpgraded: boolean;
  /**
   * Blocks of later eras stand above the anchor: all up to the anchor is verified, and what is above is counted
   * and left alone.
   */
  readonly goesOn: boolean;
  /** What of the form of its rows is accepted that we write otherwise. */
  readonly accepted: readonly Accepted[];
}

/** Not as we write it, and right all the same. */
export interface Accepted {
  /** Stands in reports. Never reuse or rename one. */
  readonly id: string;
  readonly what: string;
  /** The name of upstream's command that repairs it; null where nothing is to be repaired. */
  readonly repair: string | null;
  /** What nobody can recompute, in the words of a claim; null where everything is compared. */
  readonly unproven: string | null;
}

/** By whom the anchor is trusted as a block of the true chain. */
export type Voucher = "operator" | "preset" | "source" | "manifest";

export interface Anchor extends BlockRef {
  readonly vouchedBy: Voucher;
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

/** The highest block of the target's chain: what it claims to be the history of. */
export interface Tip extends BlockRef {
  readonly ledgerHash: LedgerHash;
}
