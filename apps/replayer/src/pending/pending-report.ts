// What a look at the pending tail has found: up to which height everything is proven, and what is not.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import type { VerificationError } from "@forklift/pipeline";

export interface PendingTip extends BlockRef {
  /** The height up to which every block below this tip is proven: its own, when all are. */
  readonly provenTo: bigint;
}

/** A pending block that is not what the network applied, or whose row says so. */
export interface PendingDifference extends BlockRef {
  /** As the source records it. */
  readonly expected: LedgerHash;
  /** What its replay gives; null where a command could not be applied, or came to another status. */
  readonly found: LedgerHash | null;
  /** Whether one of the highest blocks of the source descends from it. */
  readonly isOnBestChain: boolean;
  /** Names height, state hash, expected and found. */
  readonly error: VerificationError;
}

export interface NotProven extends BlockRef {
  /** Reads on after "block X". */
  readonly reason: string;
}

/**
 * Of the ledger hashes of pending blocks, which their commands give. What only a precomputed block holds
 * (window densities, epoch data, the VRF output) changes no ledger and is compared when the block is copied.
 */
export interface PendingReport extends BlockRef {
  /**
   * `height` and `stateHash` are those of the block that the tail stands on. Up to this height every pending
   * block agrees, forks included; it is the block's own when nothing above it is proven.
   */
  readonly provenTo: bigint;
  /** Pending blocks above that block that descend from it. */
  readonly blocks: number;
  /** Those whose ledger hash agrees. */
  readonly proven: number;
  /** Blocks with two successors or more. */
  readonly forks: number;
  /** The highest first. */
  readonly tips: readonly PendingTip[];
  /** The lowest first; a block that only follows another one's difference is not among them. */
  readonly differences: readonly PendingDifference[];
  /** The lowest first. */
  readonly notProven: readonly NotProven[];
  /** The first block that was left out, since more are pending than are replayed; null when none was. */
  readonly cutAt: BlockRef | null;
  /** Pending blocks that can never become canonical: they descend from one beside the chain. */
  readonly beside: number;
  /** Blocks applied this time: those that were known are not replayed again. */
  readonly applied: number;
}
