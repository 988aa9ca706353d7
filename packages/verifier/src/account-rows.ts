// Accounts as the target records them, and the same rows as made from an account of the ledger.

import {
  formatErrorAt,
  parsePublicKey,
  parseReceiptChainHash,
  parseStateHash,
  parseUnsigned,
  type Timing,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import type { Account } from "@forklift/ledger";
import type { Row } from "./compare-streams.ts";
import { DEFAULT_TOKEN } from "./tables.ts";

/** One row of `accounts_accessed a` with all that it refers to; follow it with a `where`. */
export const SELECT_ACCOUNTS = `
  select a.ledger_index::text, key.value as public_key, token.value as token,
         symbol.value as token_symbol, a.balance, a.nonce, a.receipt_chain_hash,
         delegate.value as delegate, vote.value as voting_for,
         timing_key.value as timing_account, timing.initial_minimum_balance, timing.cliff_time,
         timing.cliff_amount, timing.vesting_period, timing.vesting_increment,
         a.zkapp_id::text as zkapp
  from accounts_accessed a
  left join account_identifiers account on account.id = a.account_identifier_id
  left join public_keys key on key.id = account.public_key_id
  left join tokens token on token.id = account.token_id
  left join token_symbols symbol on symbol.id = a.token_symbol_id
  left join public_keys delegate on delegate.id = a.delegate_id
  left join voting_for vote on vote.id = a.voting_for_id
  left join timing_info timing on timing.id = a.timing_id
  left join account_identifiers timing_of on timing_of.id = timing.account_identifier_id
  left join public_keys timing_key on timing_key.id = timing_of.public_key_id`;

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

/** @throws FormatError that names the row and the column. */
export function accountOfRow(row: Row): Account {
  const read = <Value>(column: string, parse: (text: string) => Value): Value => {
    try {
      return parse(row[column] ?? "");
    } catch (error) {
      throw formatErrorAt(`account at ledger_index ${row["ledger_index"]}: ${column}`, error);
    }
  };
  const amount = (text: string) => parseUnsigned(text, UINT64_MAX);
  const count = (text: string) => parseUnsigned(text, UINT32_MAX);
  const timing: Timing = {
    initialMinimumBalance: read("initial_minimum_balance", amount),
    cliffTime: read("cliff_time", count),
    cliffAmount: read("cliff_amount", amount),
    vestingPeriod: read("vesting_period", count),
    vestingIncrement: read("vesting_increment", amount),
  };
  return {
    publicKey: read("public_key", parsePublicKey),
    balance: read("balance", amount),
    nonce: read("nonce", count),
    receiptChainHash: read("receipt_chain_hash", parseReceiptChainHash),
    delegate: read("delegate", parsePublicKey),
    votingFor: read("voting_for", parseStateHash),
    timing: Object.values(timing).every((value) => value === 0n) ? null : timing,
  };
}
