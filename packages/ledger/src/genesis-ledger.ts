// The accounts a network starts from, out of a runtime configuration or a replayer's input.

import { FormatError, formatErrorAt } from "@forklift/chain";
import type { Account } from "./account.ts";
import { decodeAccount } from "./account-json.ts";
import { mismatch, plainObject } from "./json-decoder.ts";

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
  const addsWinner = ledger["add_genesis_winner"] ?? true;
  if (typeof addsWinner !== "boolean") {
    throw mismatch(`${path}add_genesis_winner`, "a boolean", addsWinner);
  }
  if (addsWinner && accounts[0]?.publicKey !== winner.publicKey) accounts.unshift(winner);
  requireNothingGenerated(ledger, path, accounts.length);
  requireDistinct(accounts, path);
  return accounts;
}

type JsonObject = Readonly<Record<string, unknown>>;

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
