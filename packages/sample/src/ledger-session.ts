// Applies the transactions of one block to the ledger and keeps what the block records of each.

import type { GlobalSlotSinceGenesis, PublicKey } from "@forklift/chain";
import { applyTransaction, type Ledger, type Outcome, type Transaction } from "@forklift/ledger";

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

export function openSession(ledger: Ledger, parentSlot: GlobalSlotSinceGenesis): LedgerSession {
  const { table } = ledger;
  return {
    apply(transaction) {
      const keys = participants(transaction);
      const timed = indexesOf(ledger, keys).filter((index) => table.isTimed(index));
      const outcome = applyTransaction(ledger, transaction, parentSlot);
      const balances = new Map<PublicKey, bigint>();
      const opened = new Set<PublicKey>();
      for (const key of keys) {
        const index = ledger.indexOf(key);
        if (index === undefined) continue;
        balances.set(key, table.balance(index));
        if (outcome.created.includes(index)) opened.add(key);
      }
      const vestingsEnded = timed.filter((index) => !table.isTimed(index)).length;
      return { transaction, outcome, balances, opened, vestingsEnded };
    },
  };
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

/** Each once. */
function indexesOf(ledger: Ledger, keys: readonly PublicKey[]): number[] {
  return [...new Set(keys.flatMap((key) => ledger.indexOf(key) ?? []))];
}
