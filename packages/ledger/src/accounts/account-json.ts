// The JSON form of an account that genesis ledgers and official checkpoints share.

import { isDeepStrictEqual } from "node:util";
import {
  encodeBase58check,
  FormatError,
  fieldToBytes,
  formatErrorAt,
  MIGRATED_PERMISSIONS,
  minaOfNanomina,
  nanominaOfMina,
  parseReceiptChainHash,
  parseStateHash,
  parseUnsigned,
  UINT32_MAX,
  untaggedSlot,
  VERSION_BYTE,
} from "@forklift/chain";
import { checkedPublicKey } from "../text/decoded-texts.ts";
import { mismatch, plainObject } from "../text/json-decoder.ts";
import { type Account, newAccount, type Timing } from "./account.ts";

/** The default token as protocol 1.x writes it, and as Berkeley does. */
const DEFAULT_TOKENS: readonly string[] = [
  "1",
  encodeBase58check(VERSION_BYTE.tokenId, fieldToBytes(1n)),
];

/**
 * Reads an account, with the defaults of a new one for what is missing. Keys that a ledger of
 * protocol 1.x does not know are passed over, unless their value would make a different account.
 * @throws FormatError that names the key.
 */
export function decodeAccount(json: unknown): Account {
  const object = plainObject(json, "account");
  const key = required(object, "pk", checkedPublicKey);
  try {
    requireDefaults(object);
    const fresh = newAccount(key, required(object, "balance", nanominaOfMina));
    return {
      ...fresh,
      nonce: optional(object, "nonce", parseUint32) ?? fresh.nonce,
      receiptChainHash:
        optional(object, "receipt_chain_hash", parseReceiptChainHash) ?? fresh.receiptChainHash,
      delegate: optional(object, "delegate", checkedPublicKey) ?? fresh.delegate,
      votingFor: optional(object, "voting_for", parseStateHash) ?? fresh.votingFor,
      timing: decodeTiming(object["timing"]),
    };
  } catch (error) {
    throw formatErrorAt(`account ${key}`, error);
  }
}

/** The official form, as checkpoints hold it: every key is there, and null is the default token. */
export function encodeAccount(account: Account): object {
  return { ...ownParts(account), permissions: MIGRATED_PERMISSIONS };
}

/** Everybody's permissions are the same, and more than half of the text. */
const PERMISSIONS_TEXT = `,"permissions":${JSON.stringify(MIGRATED_PERMISSIONS)}}`;

/** The text of `encodeAccount` without spaces. */
export function encodeAccountText(account: Account): string {
  return JSON.stringify(ownParts(account)).slice(0, -1) + PERMISSIONS_TEXT;
}

function ownParts(account: Account): object {
  return {
    pk: account.publicKey,
    sk: null,
    balance: minaOfNanomina(account.balance),
    delegate: account.delegate,
    timing: account.timing === null ? null : encodeTiming(account.timing),
    token: null,
    token_symbol: "",
    nonce: `${account.nonce}`,
    receipt_chain_hash: account.receiptChainHash,
    voting_for: account.votingFor,
    zkapp: null,
  };
}

function decodeTiming(json: unknown): Timing | null {
  if (json === undefined || json === null) return null;
  const listed = plainObject(json, "timing");
  const object = {
    ...listed,
    cliff_time: untaggedSlot(listed["cliff_time"]),
    vesting_period: untaggedSlot(listed["vesting_period"]),
  };
  try {
    return {
      initialMinimumBalance: required(object, "initial_minimum_balance", nanominaOfMina),
      cliffTime: required(object, "cliff_time", parseUint32),
      cliffAmount: required(object, "cliff_amount", nanominaOfMina),
      vestingPeriod: required(object, "vesting_period", parseUint32),
      vestingIncrement: required(object, "vesting_increment", nanominaOfMina),
    };
  } catch (error) {
    throw formatErrorAt("timing", error);
  }
}

/** The key `timing` of an account. */
export function encodeTiming(timing: Timing): object {
  return {
    initial_minimum_balance: minaOfNanomina(timing.initialMinimumBalance),
    cliff_time: `${timing.cliffTime}`,
    cliff_amount: minaOfNanomina(timing.cliffAmount),
    vesting_period: `${timing.vestingPeriod}`,
    vesting_increment: minaOfNanomina(timing.vestingIncrement),
  };
}

/** @throws FormatError where an account is more than this ledger can hold or write back. */
function requireDefaults(object: Readonly<Record<string, unknown>>): void {
  const token = optional(object, "token", String);
  if (token !== null && !DEFAULT_TOKENS.includes(token)) {
    throw mismatch("token", "the default token", token);
  }
  const tokenSymbol = object["token_symbol"] ?? "";
  if (tokenSymbol !== "") throw mismatch("token_symbol", "none", tokenSymbol);
  for (const contract of ["zkapp", "snapp"]) {
    const value = object[contract] ?? null;
    if (value !== null) throw mismatch(contract, "none", value);
  }
  const tokenPermissions = plainObject(object["token_permissions"] ?? {}, "token_permissions");
  for (const [name, value] of Object.entries(tokenPermissions)) {
    if (value !== false) throw mismatch(`token_permissions.${name}`, "false", value);
  }
  const permissions = plainObject(object["permissions"] ?? {}, "permissions");
  for (const [name, value] of Object.entries(permissions)) requirePermission(name, value);
}

function requirePermission(name: string, listed: unknown): void {
  const path = `permissions.${name}`;
  const value = untaggedPermission(listed);
  // Only protocol 1.x knows this one.
  if (name === "stake") {
    if (value !== true) throw mismatch(path, "true", value);
    return;
  }
  if (!Object.hasOwn(MIGRATED_PERMISSIONS, name)) return;
  const expected = MIGRATED_PERMISSIONS[name as keyof typeof MIGRATED_PERMISSIONS];
  // Before the hard fork every permission was one word.
  const word = typeof expected === "string" ? expected : expected.auth;
  if (value === word || isDeepStrictEqual(withTexts(value), expected)) return;
  throw mismatch(path, JSON.stringify(expected), value);
}

/** `["Signature"]`, as some daemons write a word. */
function untaggedPermission(json: unknown): unknown {
  const isTagged = Array.isArray(json) && json.length === 1 && typeof json[0] === "string";
  return isTagged ? (json[0] as string).toLowerCase() : json;
}

/** The same object with its numbers as texts; every other value as it is. */
function withTexts(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, typeof part === "number" ? `${part}` : part]),
  );
}

type Parse<T> = (text: string) => T;

function required<T>(object: Readonly<Record<string, unknown>>, key: string, parse: Parse<T>): T {
  const value = optional(object, key, parse);
  if (value === null) throw new FormatError(`key "${key}" is missing`);
  return value;
}

/** Null for a key that is missing or null. */
function optional<T>(
  object: Readonly<Record<string, unknown>>,
  key: string,
  parse: Parse<T>,
): T | null {
  const value = object[key] ?? null;
  if (value === null) return null;
  try {
    return parse(textOf(value, key));
  } catch (error) {
    throw formatErrorAt(key, error);
  }
}

/** Decimal digits that a double always keeps; with more, a JSON number may have become another. */
const EXACT_DIGITS = 15;

function textOf(value: unknown, key: string): string {
  if (typeof value === "string") return value;
  if (typeof value !== "number") throw mismatch(key, "a string or a number", value);
  const text = String(value);
  if (text.replace(/[^0-9]/g, "").length > EXACT_DIGITS) {
    throw new FormatError(`${text} has more digits than a JSON number keeps, expected a string`);
  }
  return text;
}

function parseUint32(text: string): bigint {
  return parseUnsigned(text, UINT32_MAX);
}
