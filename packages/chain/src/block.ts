// Blocks as archives refer to them.

import type { CommandStatus, FailureReason, InternalCommand, UserCommand } from "./commands.ts";
import type { StateHash } from "./hashes.ts";

/** A height and the block at it. */
export interface BlockRef {
  readonly height: bigint;
  readonly stateHash: StateHash;
}

/** A user command as a block includes it. */
export interface IncludedUserCommand {
  readonly command: UserCommand;
  /** Counts user and internal commands of a block together, from 0. */
  readonly sequenceNo: number;
  readonly status: CommandStatus;
  readonly failureReason: FailureReason | null;
}

/** An internal command as a block includes it; those of protocol 1.x cannot fail. */
export interface IncludedInternalCommand {
  readonly command: InternalCommand;
  readonly sequenceNo: number;
  /** Distinguishes the two halves of a paired fee transfer: 0 and 1. */
  readonly secondarySequenceNo: number;
}
