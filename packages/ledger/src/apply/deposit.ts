// Paying into an account, which opens it when it is new and then takes the creation fee.

import { type FailureReason, type PublicKey, UINT64_MAX } from "@forklift/chain";
import { ACCOUNT_CREATION_FEE, InvalidTransactionError } from "../block/transaction.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Funds, fundsOf } from "./timing.ts";

/** Where an account is, or would be opened, and what it holds; nothing is written yet. */
export interface Place {
  /** Undefined while the account is not in the ledger. */
  readonly index: number | undefined;
  readonly funds: Funds;
}

export function findPlace(ledger: Ledger, publicKey: PublicKey): Place {
  const index = ledger.indexOf(publicKey);
  if (index === undefined) return { index, funds: { publicKey, balance: 0n, timing: null } };
  return { index, funds: fundsOf(ledger.table, index, publicKey) };
}

/** The balance after the deposit, in nanomina, or why it cannot be made. */
export function deposit({ index, funds }: Place, amount: bigint): bigint | FailureReason {
  const creationFee = index === undefined ? ACCOUNT_CREATION_FEE : 0n;
  if (amount < creationFee) return "Amount_insufficient_to_create_account";
  const balance = funds.balance + amount - creationFee;
  return balance > UINT64_MAX ? "Overflow" : balance;
}

/** A deposit by the protocol, which has no failed state. @throws InvalidTransactionError */
export function requireDeposit(place: Place, amount: bigint): bigint {
  const balance = deposit(place, amount);
  if (typeof balance === "bigint") return balance;
  const { index, funds } = place;
  const expected =
    index === undefined
      ? `at least ${ACCOUNT_CREATION_FEE} to open the account`
      : `at most ${UINT64_MAX - funds.balance}`;
  throw new InvalidTransactionError(
    `${funds.publicKey} cannot be paid ${amount} by the protocol (${balance}): ` +
      `expected ${expected}`,
  );
}

/** Writes the new balance, of an account that is opened if need be. Gives its index. */
export function settle(ledger: Ledger, { index, funds }: Place, balance: bigint): number {
  if (index === undefined) return ledger.appendNew(funds.publicKey, balance);
  ledger.table.setBalance(index, balance);
  return index;
}
