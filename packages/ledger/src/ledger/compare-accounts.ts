// Compares two ledgers account by account: what differs, in which field, and which indexes differ.

import { FormatError } from "@forklift/chain";
import type { Account } from "../accounts/account.ts";
import { decodeAccount } from "../accounts/account-json.ts";
import type { Ledger } from "./ledger.ts";

export interface AccountDifference {
  /** Of the account; of the first ledger's when only that one has it. */
  readonly publicKey: string;
  /** As in the JSON form of an account; "*" for the account as a whole. */
  readonly field: string;
  /** In the listed accounts. */
  readonly expected: string;
  /** In the ledger. */
  readonly found: string;
}

export interface AccountComparison {
  /** Listed accounts. */
  readonly compared: number;
  /** Accounts that differ in some field, or that only one side has. */
  readonly differingAccounts: number;
  /** The first of their differences, in the order of the list. */
  readonly differences: readonly AccountDifference[];
  /** Accounts that both have, at different indexes; the first of them are named likewise. */
  readonly misplacedAccounts: number;
  readonly misplaced: readonly AccountDifference[];
}

const NOBODY = "none";

/**
 * Compares a ledger with accounts as a file lists them; accounts are identified by their key.
 * @param listed JSON, decoded here: an account that protocol 1.x cannot have is a difference.
 * @param shownMax how many differences, and how many misplaced accounts, are named.
 */
export async function compareAccounts(
  ledger: Ledger,
  listed: AsyncIterable<unknown>,
  shownMax: number,
): Promise<AccountComparison> {
  const differences: AccountDifference[] = [];
  const misplaced: AccountDifference[] = [];
  const isListed = new Uint8Array(ledger.accountCount);
  let compared = 0;
  let differingAccounts = 0;
  let misplacedAccounts = 0;
  const differs = (found: readonly AccountDifference[]) => {
    if (found.length === 0) return;
    differingAccounts += 1;
    differences.push(...found.slice(0, shownMax - differences.length));
  };
  for await (const json of listed) {
    const place = compared++;
    const account = decodeOrSay(json, place);
    if ("field" in account) {
      differs([account]);
      // Named after its key, which then is not missing from the list.
      const index = indexOrNone(ledger, account.publicKey);
      if (index !== undefined) isListed[index] = 1;
      continue;
    }
    const { publicKey } = account;
    const index = ledger.indexOf(publicKey);
    if (index === undefined) {
      differs([{ publicKey, field: "*", expected: `at index ${place}`, found: NOBODY }]);
      continue;
    }
    if (isListed[index] === 1) {
      differs([{ publicKey, field: "*", expected: "twice in the list", found: "once" }]);
      continue;
    }
    isListed[index] = 1;
    differs(differencesOf(account, ledger.account(index)));
    if (index === place) continue;
    misplacedAccounts += 1;
    if (misplaced.length < shownMax) {
      misplaced.push({ publicKey, field: "index", expected: `${place}`, found: `${index}` });
    }
  }
  for (let index = isListed.indexOf(0); index >= 0; index = isListed.indexOf(0, index + 1)) {
    const { publicKey } = ledger.account(index);
    differs([{ publicKey, field: "*", expected: NOBODY, found: `at index ${index}` }]);
  }
  return { compared, differingAccounts, differences, misplacedAccounts, misplaced };
}

function decodeOrSay(json: unknown, place: number): Account | AccountDifference {
  try {
    return decodeAccount(json);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const key = (json as { readonly pk?: unknown }).pk;
    return {
      publicKey: typeof key === "string" ? key : `accounts[${place}]`,
      field: "*",
      expected: error.message,
      found: "an account of protocol 1.x",
    };
  }
}

/** The text may be no key at all. */
function indexOrNone(ledger: Ledger, key: string): number | undefined {
  try {
    return ledger.indexOf(key as Account["publicKey"]);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** None for accounts that are equal. */
function differencesOf(listed: Account, ours: Account): AccountDifference[] {
  const [expected, found] = [fieldsOf(listed), fieldsOf(ours)];
  return Object.keys(expected)
    .filter((field) => expected[field] !== found[field])
    .map((field) => ({
      publicKey: ours.publicKey,
      field,
      expected: expected[field]!,
      found: found[field]!,
    }));
}

/** Amounts are nanomina. */
function fieldsOf({ timing, ...account }: Account): Readonly<Record<string, string>> {
  const timed = (value: bigint | undefined) => (value === undefined ? "untimed" : `${value}`);
  return {
    balance: `${account.balance}`,
    nonce: `${account.nonce}`,
    receipt_chain_hash: account.receiptChainHash,
    delegate: account.delegate,
    voting_for: account.votingFor,
    "timing.initial_minimum_balance": timed(timing?.initialMinimumBalance),
    "timing.cliff_time": timed(timing?.cliffTime),
    "timing.cliff_amount": timed(timing?.cliffAmount),
    "timing.vesting_period": timed(timing?.vestingPeriod),
    "timing.vesting_increment": timed(timing?.vestingIncrement),
  };
}
