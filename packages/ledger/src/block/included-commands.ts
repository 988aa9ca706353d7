// The internal commands of a block as the archive counts and names them.

import type { IncludedInternalCommand, InternalCommandType } from "@forklift/chain";
import type { Coinbase, SingleTransfer, Transaction } from "./transaction.ts";
import { hashCoinbase, hashFeeTransfer } from "./transaction-hash.ts";

/**
 * @param transactions all those of the block, in the order of application: the index in this list
 * is the sequence number. A coinbase stands before the fee transfer that it pays and shares both
 * numbers with it; of a paired fee transfer the secondary number distinguishes the halves.
 */
export function includedInternalCommands(
  transactions: readonly Transaction[],
): IncludedInternalCommand[] {
  return transactions.flatMap(rowsOf);
}

function rowsOf(transaction: Transaction, sequenceNo: number): IncludedInternalCommand[] {
  switch (transaction.kind) {
    case "user_command":
      return [];
    case "coinbase":
      return coinbaseRows(transaction, sequenceNo);
    case "fee_transfer":
      return transaction.transfers.map((transfer, secondarySequenceNo) => ({
        command: transferRow("fee_transfer", transfer),
        sequenceNo,
        secondarySequenceNo,
      }));
  }
}

function coinbaseRows(coinbase: Coinbase, sequenceNo: number): IncludedInternalCommand[] {
  const { receiver, amount, feeTransfer } = coinbase;
  const command = {
    type: "coinbase",
    receiver,
    fee: amount,
    hash: hashCoinbase(coinbase),
  } as const;
  const row = { command, sequenceNo, secondarySequenceNo: 0 };
  if (feeTransfer === null) return [row];
  return [row, { ...row, command: transferRow("fee_transfer_via_coinbase", feeTransfer) }];
}

function transferRow(type: InternalCommandType, { receiver, fee }: SingleTransfer) {
  return { type, receiver, fee, hash: hashFeeTransfer({ receiver, fee }) };
}
