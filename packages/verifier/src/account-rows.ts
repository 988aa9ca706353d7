// Accounts as the target records them, and the same rows as made from an account of the ledger.

import {
  FormatError,
  formatErrorAt,
  type PublicKey,
  parseUnsigned,
  type ReceiptChainHash,
  type StateHash,
  type Timing,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import type { Account } from "@forklift/ledger";
import { columnOf } from "./columns.ts";
import type { Row } from "./compare-rows.ts";
import { DEFAULT_TOKEN } from "./tables.ts";

/** The archive writes an untimed account as a row of zeros, not as a null. */
const UNTIMED: Timing = {
  initialMinimumBalance: 0n,
  cliffTime: 0n,
  cliffAmount: 0n,
  vestingPeriod: 0n,
  vestingIncrement: 0n,
};

/** The row that the account must have. */
export function rowOfAccount(account: Account, ledgerIndex: number): Row {
  const timing = account.timing ?? UNTIMED;
  return {
    ledger_index: String(ledgerIndex),
    public_key: account.publicKey,
    token: DEFAULT_TOKEN,
    token_symbol: "",
    balance: String(account.balance),
    nonce: String(account.nonce),
    receipt_chain_hash: account.receiptChainHash,
    delegate: account.delegate,
    voting_for: account.votingFor,
    timing_account: account.publicKey,
    initial_minimum_balance: String(timing.initialMinimumBalance),
    cliff_time: String(timing.cliffTime),
    cliff_amount: String(timing.cliffAmount),
    vesting_period: String(timing.vestingPeriod),
    vesting_increment: String(timing.vestingIncrement),
    zkapp: null,
  };
}

function inTarget(name: string): string {
  const { table, column } = columnOf("accounts_accessed", name);
  return `${table}.${column}`;
}

/**
 * Keys and hashes are taken as they are: the ledger decodes them, and refuses what it cannot.
 * @throws FormatError that names the column.
 */
export function accountOfRow(row: Row): Account {
  const text = (column: string): string => {
    const value = row[column];
    if (typeof value === "string") return value;
    throw new FormatError(`${inTarget(column)} is null`);
  };
  const number = (column: string, max: bigint): bigint => {
    try {
      return parseUnsigned(text(column), max);
    } catch (error) {
      throw formatErrorAt(inTarget(column), error);
    }
  };
  const publicKey = text("public_key");
  if (row["timing_account"] !== publicKey) {
    throw new FormatError(
      `${inTarget("timing_account")} is that of account ${row["timing_account"]}`,
    );
  }
  const timing: Timing = {
    initialMinimumBalance: number("initial_minimum_balance", UINT64_MAX),
    cliffTime: number("cliff_time", UINT32_MAX),
    cliffAmount: number("cliff_amount", UINT64_MAX),
    vestingPeriod: number("vesting_period", UINT32_MAX),
    vestingIncrement: number("vesting_increment", UINT64_MAX),
  };
  return {
    publicKey: publicKey as PublicKey,
    balance: number("balance", UINT64_MAX),
    nonce: number("nonce", UINT32_MAX),
    receiptChainHash: text("receipt_chain_hash") as ReceiptChainHash,
    delegate: text("delegate") as PublicKey,
    votingFor: text("voting_for") as StateHash,
    timing: Object.values(timing).every((value) => value === 0n) ? null : timing,
  };
}
