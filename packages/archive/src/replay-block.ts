// A block as a replay applies it, whichever era's tables it was read from.

import type {
  BlockRef,
  GlobalSlotSinceGenesis,
  IncludedInternalCommand,
  IncludedUserCommand,
  LedgerHash,
} from "@forklift/chain";

/** A command at its index in a block; a user command stands alone there, at secondary number 0. */
export type PlacedCommand =
  | ({ readonly kind: "user"; readonly secondarySequenceNo: number } & IncludedUserCommand)
  | ({ readonly kind: "internal" } & IncludedInternalCommand);

export interface ReplayBlock extends BlockRef {
  /** In the database that it was read from. */
  readonly id: number;
  readonly ledgerHash: LedgerHash;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** The slot against which protocol 1.x checks vesting and `valid_until`. */
  readonly parentSlot: GlobalSlotSinceGenesis;
  /** By sequence_no, secondary_sequence_no, and a coinbase before its fee transfer. */
  readonly commands: readonly PlacedCommand[];
}
