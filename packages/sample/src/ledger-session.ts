// Applies the transactions of one block to the ledger and keeps what the block records of each; of a
// block on a rival branch, it keeps what undoing takes, too.

import type { GlobalSlotSinceGenesis, PublicKey } from "@forklift/chain";
import {
  type Account,
  applyTransaction,
  type Ledger,
  type Outcome,
  type Transaction,
} from "@forklift/ledger";

/** A transaction and what came of it. */
export interface Applied {
  readonly transaction: Transaction;
  readonly outcome: Outcome;
  /** Nanomina, after the transaction, of those who take part and have an account. */
  readonly balances: ReadonlyMap<PublicKey, bigint>;
  readonly opened: ReadonlySet<PublicKey>;
  /** How many accounts ceased to be marked as vesting. */
  readonly vestingsEnded: number;
}

export interface LedgerSession {
  apply(transaction: Transaction): Applied;
}

/** Accounts as they were before a branch, by index. The first entry of an account is the one. */
export type UndoLog = Map<number, Account>;

export function openSession(
  ledger: Ledger,
  parentSlot: GlobalSlotSinceGenesis,
  undoLog: UndoLog | null,
): LedgerSession {
  return {
    apply(transaction) {
      const keys = participants(transaction);
      const before = accountsOf(ledger, keys);
      if (undoLog !== null) {
        for (const [index, account] of before) {
          if (!undoLog.has(index)) undoLog.set(index, account);
        }
      }
      const outcome = applyTransaction(ledger, transaction, parentSlot);
      const after = accountsOf(ledger, keys);
      const ended = [...before].filter(
        ([index, { timing }]) => timing !== null && after.get(index)?.timing === null,
      );
      return {
        transaction,
        outcome,
        balances: new Map(
          Array.from(after.values(), ({ publicKey, balance }) => [publicKey, balance]),
        ),
        opened: new Set(outcome.created.map((index) => ledger.account(index).publicKey)),
        vestingsEnded: ended.length,
      };
    },
  };
}

/**
 * Takes a branch back. Accounts cannot be taken out of a ledger again, so the branch must have opened
 * none; the caller sees to that.
 */
export function undo(ledger: Ledger, undoLog: UndoLog): void {
  for (const [index, account] of undoLog) ledger.replace(index, account);
}

function participants(transaction: Transaction): PublicKey[] {
  switch (transaction.kind) {
    case "user_command": {
      const { feePayer, source, receiver } = transaction.command;
      return [feePayer, source, receiver];
    }
    case "coinbase": {
      const { receiver, feeTransfer } = transaction;
      return feeTransfer === null ? [receiver] : [receiver, feeTransfer.receiver];
    }
    case "fee_transfer":
      return transaction.transfers.map(({ receiver }) => receiver);
  }
}

function accountsOf(ledger: Ledger, keys: readonly PublicKey[]): Map<number, Account> {
  const indexes = keys.flatMap((key) => ledger.indexOf(key) ?? []);
  return new Map(indexes.map((index) => [index, ledger.account(index)]));
}
