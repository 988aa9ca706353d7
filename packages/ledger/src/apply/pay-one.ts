// What the protocol pays to one receiver alone: a coinbase of one part, a fee transfer of one.

import type { GlobalSlotSinceGenesis, PublicKey } from "@forklift/chain";
import type { Outcome } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findPlace, requireDeposit, settle } from "./deposit.ts";
import { timingAfterSpending } from "./timing.ts";

/**
 * @param amount nanomina, of which a new account pays its creation fee.
 * @throws InvalidTransactionError when no block may hold the payment; the ledger is unchanged.
 */
export function payOne(
  ledger: Ledger,
  receiver: PublicKey,
  amount: bigint,
  slot: GlobalSlotSinceGenesis,
): Outcome {
  const place = findPlace(ledger, receiver);
  const balance = requireDeposit(place, amount);
  const timing = timingAfterSpending(place.funds, 0n, slot);
  const index = settle(ledger, place, balance);
  ledger.table.setTiming(index, timing);
  return {
    status: "applied",
    failureReason: null,
    accessed: [index],
    created: place.index === undefined ? [index] : [],
  };
}
