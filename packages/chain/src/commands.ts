// The commands that a pre-fork block applies, in the words of the archive.

import type { Memo, PublicKey, TransactionHash } from "./hashes.ts";
import { UINT32_MAX } from "./integer.ts";

export const USER_COMMAND_TYPES = ["payment", "delegation"] as const;
export type UserCommandType = (typeof USER_COMMAND_TYPES)[number];

export const INTERNAL_COMMAND_TYPES = [
  "coinbase",
  "fee_transfer_via_coinbase",
  "fee_transfer",
] as const;
export type InternalCommandType = (typeof INTERNAL_COMMAND_TYPES)[number];

const COMMAND_STATUSES = ["applied", "failed"] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

/** Why a user command of protocol 1.x may fail; the spelling is the archive's. */
export const FAILURE_REASONS = [
  "Predicate",
  "Source_not_present",
  "Receiver_not_present",
  "Amount_insufficient_to_create_account",
  "Cannot_pay_creation_fee_in_token",
  "Source_insufficient_balance",
  "Source_minimum_balance_violation",
  "Receiver_already_exists",
  "Overflow",
  "Incorrect_nonce",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What "no limit" is inside a command. */
export const VALID_FOR_EVER = UINT32_MAX;

/** The number of the one token that protocol 1.x ever had on mainnet. */
export const DEFAULT_TOKEN_ID = 1n;

/** A signed command without its signature. Amounts and fees are nanomina. */
export interface UserCommand {
  readonly type: UserCommandType;
  readonly feePayer: PublicKey;
  readonly source: PublicKey;
  readonly receiver: PublicKey;
  readonly nonce: bigint;
  /** Null for a delegation. */
  readonly amount: bigint | null;
  readonly fee: bigint;
  /** The last slot in which the command may be applied; null means no limit. */
  readonly validUntil: bigint | null;
  readonly memo: Memo;
  readonly hash: TransactionHash;
}

/** A payment by the protocol. The fee, in nanomina, is what the receiver is credited. */
export interface InternalCommand {
  readonly type: InternalCommandType;
  readonly receiver: PublicKey;
  readonly fee: bigint;
  readonly hash: TransactionHash;
}
