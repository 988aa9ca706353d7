// The accounts a network starts from, out of a runtime configuration or a replayer's input.

import { FormatError, formatErrorAt } from "@forklift/chain";
import type { Account } from "./account.ts";
import { decodeAccount } from "./account-json.ts";
import { mismatch, plainObject } from "./json-decoder.ts";
import type { LedgerJson } from "./ledger-json.ts";

/**
 * Accepts `{ledger: {accounts}}`, `{genesis_ledger: {accounts}}` and `{accounts}`. The winner of
 * the genesis block comes first: it is added unless it is there already, or unless the ledger says
 * `add_genesis_winner: false`.
 * @throws FormatError that names the JSON path.
 */
export function decodeGenesisLedger(json: unknown, winner: Account): Account[] {
  const [ledger, path] = findLedger(json);
  const listed = ledger["accounts"];
  if (!Array.isArray(listed)) throw mismatch(`${path}accounts`, "an array", listed);
  const accounts = listed.map((account: unknown, index) => {
    try {
      return decodeAccount(account);
    } catch (error) {
      throw formatErrorAt(`${path}accounts[${index}]`, error);
    }
  });
  if (addsWinner(ledger, path) && accounts[0]?.publicKey !== winner.publicKey)
    accounts.unshift(winner);
  requireNothingGenerated(ledger, path, accounts.length);
  requireDistinct(accounts, path);
  return accounts;
}

/**
 * The same accounts, one after the other, from a file of any size; whoever puts them into a `Ledger`
 * is told of a key that is there twice.
 * @param winner null takes the accounts as they are listed, whatever the file says of a winner.
 * @throws FormatError as above, for what stands behind the accounts only when they have ended; and
 * when it is said only there that no winner be added.
 */
export async function* listedAccounts(
  json: LedgerJson,
  winner: Account | null,
): AsyncGenerator<Account> {
  let count = 0;
  let isWinnerAdded = false;
  for await (const listed of json.accounts()) {
    const account = decodeListed(listed, count);
    if (winner !== null && count === 0 && account.publicKey !== winner.publicKey) {
      isWinnerAdded = !/"add_genesis_winner"\s*:\s*false/.test(json.readSoFar);
      if (isWinnerAdded) yield winner;
    }
    count += 1;
    yield account;
  }
  const [ledger, path] = findLedger(json.rest());
  if (!json.hasAccounts) throw mismatch(`${path}accounts`, "an array", ledger["accounts"]);
  requireNothingGenerated(ledger, path, count + (isWinnerAdded ? 1 : 0));
  if (isWinnerAdded && !addsWinner(ledger, path)) {
    throw mismatch(`${path}accounts[0]`, `the genesis winner ${winner!.publicKey}`, "another key");
  }
}

/** An account of a `LedgerJson`. @throws FormatError that names its place. */
export function decodeListed(json: unknown, index: number): Account {
  try {
    return decodeAccount(json);
  } catch (error) {
    throw formatErrorAt(`accounts[${index}]`, error);
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function addsWinner(ledger: JsonObject, path: string): boolean {
  const value = ledger["add_genesis_winner"] ?? true;
  if (typeof value !== "boolean") throw mismatch(`${path}add_genesis_winner`, "a boolean", value);
  return value;
}

function findLedger(json: unknown): [ledger: JsonObject, path: string] {
  const object = plainObject(json, "genesis ledger");
  for (const key of ["ledger", "genesis_ledger"]) {
    if (object[key] !== undefined) return [plainObject(object[key], key), `${key}.`];
  }
  return [object, ""];
}

/** The official tools can make up accounts, which only test networks ever used. */
function requireNothingGenerated(ledger: JsonObject, path: string, accountCount: number): void {
  const wanted = ledger["num_accounts"] ?? accountCount;
  if (typeof wanted !== "number" || wanted > accountCount) {
    throw mismatch(`${path}num_accounts`, `at most the ${accountCount} that are listed`, wanted);
  }
  const balances = ledger["balances"] ?? [];
  if (!Array.isArray(balances) || balances.length > 0) {
    throw mismatch(`${path}balances`, "none beside those of the accounts", balances);
  }
}

function requireDistinct(accounts: readonly Account[], path: string): void {
  const seen = new Set<string>();
  for (const { publicKey } of accounts) {
    if (seen.has(publicKey)) throw new FormatError(`${path}accounts: ${publicKey} is there twice`);
    seen.add(publicKey);
  }
}
