// Vesting: how much of an account is locked in a slot, and when its schedule is over.

import type { GlobalSlotSinceGenesis, PublicKey } from "@forklift/chain";
import type { Account, Timing } from "../accounts/account.ts";
import type { AccountTable } from "../accounts/account-table.ts";
import { InvalidTransactionError } from "../block/transaction.ts";

/** Nanomina that must stay in the account in that slot. */
export function minimumBalance(timing: Timing, slot: GlobalSlotSinceGenesis): bigint {
  const { initialMinimumBalance, cliffTime, cliffAmount, vestingPeriod, vestingIncrement } = timing;
  if (slot < cliffTime) return initialMinimumBalance;
  // A schedule that never steps ends at its cliff.
  if (vestingPeriod === 0n || initialMinimumBalance < cliffAmount) return 0n;
  // The protocol caps this product at 2^64 - 1. No minimum is above that: the cap changes nothing.
  const vested = ((slot - cliffTime) / vestingPeriod) * vestingIncrement;
  const locked = initialMinimumBalance - cliffAmount - vested;
  return locked > 0n ? locked : 0n;
}

/** What an account holds and when it may spend it. */
export type Funds = Pick<Account, "publicKey" | "balance" | "timing">;

/** @param publicKey that of the account, which the caller has as text. */
export function fundsOf(table: AccountTable, index: number, publicKey: PublicKey): Funds {
  return { publicKey, balance: table.balance(index), timing: table.timing(index) };
}

/**
 * The account's timing once `amount` has left it: null as soon as nothing is locked any more.
 * Reaching for locked or missing funds invalidates the block: protocol 1.x lets only the fee payer
 * spend, and a fee payer must be able to.
 * @throws InvalidTransactionError
 */
export function timingAfterSpending(
  { publicKey, balance, timing }: Funds,
  amount: bigint,
  slot: GlobalSlotSinceGenesis,
): Timing | null {
  if (balance < amount) {
    throw new InvalidTransactionError(
      `insufficient balance: ${publicKey} holds ${balance}, expected at least ${amount}`,
    );
  }
  if (timing === null) return null;
  const locked = minimumBalance(timing, slot);
  if (balance - amount < locked) {
    throw new InvalidTransactionError(
      `minimum balance violated: ${publicKey} would hold ${balance - amount} in slot ${slot}, ` +
        `expected at least ${locked}`,
    );
  }
  return locked > 0n ? timing : null;
}
