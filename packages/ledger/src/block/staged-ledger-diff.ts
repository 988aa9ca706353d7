// The staged ledger diff: what a precomputed block of protocol 1.x applies to the ledger, and what it
// recorded while doing so. No state hash covers it; only the ledger hash that it leads to is hashed.

import type { CommandStatus, FailureReason, PublicKey, UserCommand } from "@forklift/chain";
import type { SingleTransfer } from "./transaction.ts";
import type { Signed } from "./transaction-hash.ts";

/** A block has one pre-diff, or two when it crosses from one tree of the scan state to the next. */
export type StagedLedgerDiff = readonly [PreDiff] | readonly [PreDiff, PreDiff];

export interface PreDiff {
  readonly commands: readonly DiffCommand[];
  readonly completedWorks: readonly CompletedWork[];
  readonly coinbase: CoinbaseParts;
  /** Of the coinbases, then of the fee transfers, in the order of application. */
  readonly internalCommandBalances: readonly InternalCommandBalances[];
}

/** A user command as the block applied it. Balances are nanomina, after the command. */
export interface DiffCommand extends Signed {
  readonly command: UserCommand;
  readonly status: CommandStatus;
  readonly failureReason: FailureReason | null;
  /** What the receiver's new account cost; null when none was opened. */
  readonly receiverCreationFeePaid: bigint | null;
  readonly feePayerBalance: bigint | null;
  readonly sourceBalance: bigint | null;
  /** Null while the receiver has no account. */
  readonly receiverBalance: bigint | null;
}

/** SNARK work that the block bought. The proofs themselves are not kept. */
export interface CompletedWork {
  readonly prover: PublicKey;
  /** Nanomina. */
  readonly fee: bigint;
}

/** In how many parts the coinbase is paid, and whose work the parts pay for. */
export type CoinbaseParts =
  | { readonly parts: 0 }
  | { readonly parts: 1; readonly feeTransfer: SingleTransfer | null }
  | {
      readonly parts: 2;
      readonly feeTransfers:
        | readonly []
        | readonly [SingleTransfer]
        | readonly [SingleTransfer, SingleTransfer];
    };

export type InternalCommandBalances =
  | {
      readonly kind: "coinbase";
      readonly receiver: bigint;
      readonly feeTransferReceiver: bigint | null;
    }
  | {
      readonly kind: "fee_transfer";
      readonly receiver1: bigint;
      readonly receiver2: bigint | null;
    };
