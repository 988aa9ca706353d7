// The accounts a network starts from, out of a runtime configuration or a replayer's input.

import { FormatError, formatErrorAt, untaggedSlot } from "@forklift/chain";
import { mismatch, plainObject } from "../text/json-decoder.ts";
import { nameDocument, otherDocument } from "../text/name-document.ts";
import type { Account } from "./account.ts";
import { decodeAccount, encodeAccount } from "./account-json.ts";
import { LEDGER_KEYS, type LedgerJson, LISTED_LEDGER } from "./ledger-json.ts";

/**
 * Accepts `{ledger: {accounts}}`, `{genesis_ledger: {accounts}}`, `{target_genesis_ledger: {accounts}}`
 * and `{accounts}`. The winner of
 * the genesis block comes first: it is added unless it is there already, or unless the ledger says
 * `add_genesis_winner: false`.
 * @throws FormatError that names the JSON path.
 */
export function decodeGenesisLedger(json: unknown, winner: Account): Account[] {
  const [ledger, path] = findLedger(json);
  const listed = ledger["accounts"];
  if (!Array.isArray(listed)) throw noAccounts(json, `${path}accounts`, listed);
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
 * is notified of a key that is there twice.
 * @param winner null takes the accounts as they are listed, whatever the file says of a winner.
 * @throws FormatError as above, for what stands behind the accounts only when they have ended.
 */
export async function* listedAccounts(
  json: LedgerJson,
  winner: Account | null,
): AsyncGenerator<Account> {
  let count = 0;
  for await (const listed of withWinner(json, winner)) {
    count += 1;
    yield decodeListed(listed, json.accountCount - 1);
  }
  if (count > 0 || json.hasAccounts) return;
  const rest = json.rest();
  const [ledger, path] = findLedger(rest);
  throw noAccounts(rest, `${path}accounts`, ledger["accounts"]);
}

/**
 * The accounts of a file as JSON, with the winner in front where the file leaves it to its reader; none
 * for a file without a list.
 * @throws FormatError for a list that others would add to, and when it is said only behind the accounts
 * that no winner be added.
 */
export async function* withWinner(
  json: LedgerJson,
  winner: Account | null,
): AsyncGenerator<unknown> {
  let isWinnerAdded = false;
  for await (const listed of json.accounts()) {
    if (winner !== null && json.accountCount === 1 && keyOf(listed) !== winner.publicKey) {
      isWinnerAdded = !/"add_genesis_winner"\s*:\s*false/.test(json.readSoFar);
      if (isWinnerAdded) yield encodeAccount(winner);
    }
    yield listed;
  }
  if (!json.hasAccounts) return;
  const [ledger, path] = findLedger(json.rest());
  requireNothingGenerated(ledger, path, json.accountCount + (isWinnerAdded ? 1 : 0));
  if (isWinnerAdded && !addsWinner(ledger, path)) {
    throw mismatch(`${path}accounts[0]`, `the genesis winner ${winner!.publicKey}`, "another key");
  }
}

/**
 * Whether a reader who knows the network might have to put its winner in front of the listed accounts:
 * a file that says nothing of it leaves it to the reader, as `add_genesis_winner: true` does. The ledger
 * after some block, which says how many accounts it lists, has them all.
 * @param document without its accounts, or with them.
 */
export function isWinnerLeftOut(
  document: Readonly<Record<string, unknown>>,
  accountCount: number,
): boolean {
  const [ledger, path] = findLedger(document);
  const start = untaggedSlot(document["start_slot_since_genesis"] ?? 0);
  if (String(start) !== "0" && ledger["num_accounts"] === accountCount) return false;
  return addsWinner(ledger, path);
}

function keyOf(json: unknown): unknown {
  return (json as { readonly pk?: unknown } | null)?.pk;
}

/** An account of a `LedgerJson`. @throws FormatError that names its location. */
function decodeListed(json: unknown, index: number): Account {
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
  for (const key of LEDGER_KEYS) {
    if (object[key] !== undefined) return [plainObject(object[key], key), `${key}.`];
  }
  return [object, ""];
}

/** Of a document in which there is no list where it should be. */
function noAccounts(document: unknown, path: string, found: unknown): FormatError {
  const named = nameDocument(document);
  if (named !== null && (found ?? null) === null) return otherDocument(named, LISTED_LEDGER);
  return mismatch(path, "an array", found);
}

/** The official tools can make up accounts, which only test networks ever used. */
function requireNothingGenerated(ledger: JsonObject, path: string, accountCount: number): void {
  const wanted = ledger["num_accounts"] ?? accountCount;
  if (typeof wanted !== "number") throw mismatch(`${path}num_accounts`, "a number", wanted);
  if (wanted > accountCount) {
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
