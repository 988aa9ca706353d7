// The columns of the source in which our values of a block and of its commands stand, as errors name them.

import type { SourceBlock } from "@forklift/archive";
import type { IncludedInternalCommand, IncludedUserCommand } from "@forklift/chain";

type Columns<Value> = Readonly<Record<keyof Value, string>>;

/** A key is named by the column that refers to it. */
export const BLOCK_COLUMNS: Columns<Omit<SourceBlock, "userCommands" | "internalCommands">> = {
  height: "blocks.height",
  stateHash: "blocks.state_hash",
  parentHash: "blocks.parent_hash",
  ledgerHash: "blocks.ledger_hash",
  creator: "blocks.creator_id",
  winner: "blocks.block_winner_id",
  globalSlotSinceHardFork: "blocks.global_slot",
  globalSlotSinceGenesis: "blocks.global_slot_since_genesis",
  timestamp: "blocks.timestamp",
};

type Flat<Included extends { readonly command: object }> = Included["command"] &
  Omit<Included, "command">;

export const USER_COMMAND_COLUMNS: Columns<Flat<IncludedUserCommand>> = {
  type: "user_commands.type",
  feePayer: "user_commands.fee_payer_id",
  source: "user_commands.source_id",
  receiver: "user_commands.receiver_id",
  nonce: "user_commands.nonce",
  amount: "user_commands.amount",
  fee: "user_commands.fee",
  validUntil: "user_commands.valid_until",
  memo: "user_commands.memo",
  hash: "user_commands.hash",
  sequenceNo: "blocks_user_commands.sequence_no",
  status: "blocks_user_commands.status",
  failureReason: "blocks_user_commands.failure_reason",
};

export const INTERNAL_COMMAND_COLUMNS: Columns<Flat<IncludedInternalCommand>> = {
  type: "internal_commands.type",
  receiver: "internal_commands.receiver_id",
  fee: "internal_commands.fee",
  hash: "internal_commands.hash",
  sequenceNo: "blocks_internal_commands.sequence_no",
  secondarySequenceNo: "blocks_internal_commands.secondary_sequence_no",
};

/** A value as SQL shows it. */
export function inSource(value: unknown): string {
  return value === null ? "NULL" : String(value);
}
