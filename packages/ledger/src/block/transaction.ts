// What a block applies to the ledger, what comes of it, and the error for what cannot be applied.

import type {
  CommandStatus,
  FailureReason,
  GlobalSlotSinceGenesis,
  PublicKey,
  UserCommand,
} from "@forklift/chain";

/** The pay of one prover or block producer. The fee is nanomina. */
export interface SingleTransfer {
  readonly receiver: PublicKey;
  readonly fee: bigint;
}

export interface FeeTransfer {
  readonly kind: "fee_transfer";
  /** Fees leave a block in pairs; an odd one goes alone. */
  readonly transfers: readonly [SingleTransfer] | readonly [SingleTransfer, SingleTransfer];
}

export interface Coinbase {
  readonly kind: "coinbase";
  readonly receiver: PublicKey;
  /** Nanomina, of which `feeTransfer` takes its share. */
  readonly amount: bigint;
  readonly feeTransfer: SingleTransfer | null;
}

export type Transaction =
  | { readonly kind: "user_command"; readonly command: UserCommand }
  | FeeTransfer
  | Coinbase;

/** Accounts are named by their ledger indexes, each once. */
export interface Outcome {
  readonly status: CommandStatus;
  readonly failureReason: FailureReason | null;
  /**
   * What the archive's `accounts_accessed` counts: fee payer and receiver of an applied command,
   * the fee payer alone of a failed one, and everyone whom an internal command pays.
   */
  readonly accessed: readonly number[];
  /** In the order of creation. */
  readonly created: readonly number[];
}

export interface ApplyOptions {
  /**
   * From this parent slot on, a payment to oneself is refused when the payer could not have paid
   * the amount to another. See `SELF_PAYMENT_CHECK_SLOT`.
   */
  readonly selfPaymentCheckSlot?: GlobalSlotSinceGenesis;
  /** What `extendReceiptChains` gave for this user command; else it is computed here. */
  readonly receiptChainHash?: Uint8Array;
}

/** Nanomina that opening an account costs; they are taken from its first deposit. */
export const ACCOUNT_CREATION_FEE = 1_000_000_000n;

/**
 * The transaction cannot be part of any block, so the block that holds it is invalid. That is not a
 * failed command, which a block may hold and which pays its fee. The ledger is left as it was.
 */
export class InvalidTransactionError extends Error {
  override readonly name = "InvalidTransactionError";
}
