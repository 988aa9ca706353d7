// The coinbase: what a block creates for its producer, who may owe a share of it to a prover.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import { type Coinbase, InvalidTransactionError, type Outcome } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findPlace, requireDeposit, settle } from "./deposit.ts";
import { payOne } from "./pay-one.ts";
import { timingAfterSpending } from "./timing.ts";

/** @throws InvalidTransactionError when no block may hold the coinbase; the ledger is unchanged. */
export function applyCoinbase(
  ledger: Ledger,
  { receiver, amount, feeTransfer }: Coinbase,
  slot: GlobalSlotSinceGenesis,
): Outcome {
  if (feeTransfer === null) return payOne(ledger, receiver, amount, slot);
  const { receiver: transferee, fee } = feeTransfer;
  if (transferee === receiver || fee > amount) {
    throw new InvalidTransactionError(
      `coinbase of ${amount} to ${receiver} pays ${fee} to ${transferee}, ` +
        "expected another receiver and no more than the coinbase",
    );
  }
  // The transferee comes first, and is the one whose vesting is looked at.
  const transfereePlace = findPlace(ledger, transferee);
  const transfereeBalance = requireDeposit(transfereePlace, fee);
  const timing = timingAfterSpending(transfereePlace.funds, 0n, slot);
  const place = findPlace(ledger, receiver);
  const balance = requireDeposit(place, amount - fee);
  const transfereeIndex = settle(ledger, transfereePlace, transfereeBalance);
  ledger.table.setTiming(transfereeIndex, timing);
  const index = settle(ledger, place, balance);
  const wasThere = [transfereePlace.index, place.index];
  return {
    status: "applied",
    failureReason: null,
    accessed: [index, transfereeIndex],
    created: [transfereeIndex, index].filter((created) => !wasThere.includes(created)),
  };
}
