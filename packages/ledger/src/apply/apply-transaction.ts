// One transaction of protocol 1.x, applied to the ledger.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import type { ApplyOptions, Outcome, Transaction } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { applyCoinbase } from "./apply-coinbase.ts";
import { applyFeeTransfer } from "./apply-fee-transfer.ts";
import { applyUserCommand } from "./apply-user-command.ts";

/**
 * `parentSlot` is the slot of the parent block: in protocol 1.x a block's transactions see the
 * chain as its parent left it, which matters to vesting and to expiry.
 * @throws InvalidTransactionError when no block may hold the transaction; the ledger is unchanged.
 */
export function applyTransaction(
  ledger: Ledger,
  transaction: Transaction,
  parentSlot: GlobalSlotSinceGenesis,
  options: ApplyOptions = {},
): Outcome {
  switch (transaction.kind) {
    case "user_command":
      return applyUserCommand(ledger, transaction.command, parentSlot, options);
    case "fee_transfer":
      return applyFeeTransfer(ledger, transaction, parentSlot);
    case "coinbase":
      return applyCoinbase(ledger, transaction, parentSlot);
  }
}
