// Paying into an account, which opens it when it is new and then takes the creation fee.

import { type FailureReason, type PublicKey, UINT64_MAX } from "@forklift/chain";
import { type Account, newAccount } from "./account.ts";
import type { Ledger } from "./ledger.ts";
import { ACCOUNT_CREATION_FEE, InvalidTransactionError } from "./transaction.ts";

/** An account as the ledger holds it, or as it would be opened; nothing is written yet. */
export interface Place {
  /** Undefined while the account is not in the ledger. */
  readonly index: number | undefined;
  readonly account: Account;
}

export function findPlace(ledger: Ledger, publicKey: PublicKey): Place {
  const index = ledger.indexOf(publicKey);
  const account = index === undefined ? newAccount(publicKey, 0n) : ledger.account(index);
  return { index, account };
}

/** The account after the deposit, or why it cannot be made. */
export function deposit({ index, account }: Place, amount: bigint): Account | FailureReason {
  const creationFee = index === undefined ? ACCOUNT_CREATION_FEE : 0n;
  if (amount < creationFee) return "Amount_insufficient_to_create_account";
  const balance = account.balance + amount - creationFee;
  return balance > UINT64_MAX ? "Overflow" : { ...account, balance };
}

/** A deposit by the protocol, which has no failed state. @throws InvalidTransactionError */
export function requireDeposit(place: Place, amount: bigint): Account {
  const account = deposit(place, amount);
  if (typeof account !== "string") return account;
  const { publicKey, balance } = place.account;
  const expected =
    place.index === undefined
      ? `at least ${ACCOUNT_CREATION_FEE} to open the account`
      : `at most ${UINT64_MAX - balance}`;
  throw new InvalidTransactionError(
    `${publicKey} cannot be paid ${amount} by the protocol (${account}): expected ${expected}`,
  );
}

/** Writes the account to its place and says which index that is. */
export function settle(ledger: Ledger, { index }: Place, account: Account): number {
  if (index === undefined) return ledger.append(account);
  ledger.replace(index, account);
  return index;
}
