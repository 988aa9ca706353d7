// Fee transfers: a block pays its provers and its producer, two at a time.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import type { FeeTransfer, Outcome } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findPlace, requireDeposit, settle } from "./deposit.ts";
import { payOne } from "./pay-one.ts";
import { timingAfterSpending } from "./timing.ts";

/** @throws InvalidTransactionError when no block may hold the transfer; the ledger is unchanged. */
export function applyFeeTransfer(
  ledger: Ledger,
  { transfers: [first, second] }: FeeTransfer,
  slot: GlobalSlotSinceGenesis,
): Outcome {
  if (second === undefined) return payOne(ledger, first.receiver, first.fee, slot);
  if (first.receiver === second.receiver) {
    return payOne(ledger, first.receiver, first.fee + second.fee, slot);
  }
  const firstPlace = findPlace(ledger, first.receiver);
  const secondPlace = findPlace(ledger, second.receiver);
  // Of a pair, only the second receiver's vesting is looked at: one check fewer in the SNARK.
  const firstBalance = requireDeposit(firstPlace, first.fee);
  const secondBalance = requireDeposit(secondPlace, second.fee);
  const timing = timingAfterSpending(secondPlace.funds, 0n, slot);
  const firstIndex = settle(ledger, firstPlace, firstBalance);
  const secondIndex = settle(ledger, secondPlace, secondBalance);
  ledger.table.setTiming(secondIndex, timing);
  const accessed = [firstIndex, secondIndex];
  const wasThere = [firstPlace.index, secondPlace.index];
  return {
    status: "applied",
    failureReason: null,
    accessed,
    created: accessed.filter((index) => !wasThere.includes(index)),
  };
}
