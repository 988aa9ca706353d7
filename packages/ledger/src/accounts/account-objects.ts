// Accounts as objects: made from the records of a table on demand, and decoded into
// the parts of a record when they come.

import {
  hashTextOfBytes,
  type PublicKey,
  publicKeyTextOfBytes,
  type ReceiptChainHash,
  type StateHash,
} from "@forklift/chain";
import { BoundedCache } from "../text/bounded-cache.ts";
import { fieldBytes, type PointBytes, pointBytes } from "../text/decoded-texts.ts";
import { type Account, EMPTY_RECEIPT_CHAIN_HASH, ZERO_STATE_HASH } from "./account.ts";
import { type AccountParts, AccountTable } from "./account-table.ts";
import { Journal } from "./journal.ts";

/** Entries a generation, about 200 bytes each: more keys than a week of mainnet blocks touches. */
const CACHED_KEYS_MAX = 32_768;

const keyTexts = new BoundedCache<string, PublicKey>(CACHED_KEYS_MAX);

/** What an account votes for, and its receipt chain, until somebody says otherwise. */
const ZERO_STATE_BYTES = Buffer.from(fieldBytes("stateHash", ZERO_STATE_HASH));
export const EMPTY_RECEIPT_CHAIN_BYTES = Buffer.from(
  fieldBytes("receiptChainHash", EMPTY_RECEIPT_CHAIN_HASH),
);

/**
 * The parts of an account as it stands in a table or in JSON.
 * @throws FormatError for a malformed key or hash.
 */
export function partsOf(account: Account): AccountParts {
  const { publicKey, delegate, receiptChainHash, votingFor, balance, nonce, timing } = account;
  return {
    key: pointBytes(publicKey),
    delegate: pointBytes(delegate),
    receiptChainHash: fieldBytes("receiptChainHash", receiptChainHash),
    votingFor: fieldBytes("stateHash", votingFor),
    balance,
    nonce,
    timing,
  };
}

/** A table that holds the one account, at index 0. */
export function tableOf(account: Account): AccountTable {
  const table = new AccountTable(new Journal(), () => undefined);
  table.open(partsOf(account));
  return table;
}

/** The parts of an account as the protocol opens it: see `newAccount`. */
export function newParts(key: PointBytes, balance: bigint): AccountParts {
  return {
    key,
    delegate: key,
    receiptChainHash: EMPTY_RECEIPT_CHAIN_BYTES,
    votingFor: ZERO_STATE_BYTES,
    balance,
    nonce: 0n,
    timing: null,
  };
}

/**
 * Encodes as few texts as it can; most accounts share three of four.
 * @param publicKey of the account, where it is known.
 */
export function accountAt(
  table: AccountTable,
  index: number,
  publicKey = keyText(table.key(index)),
): Account {
  const receipt = table.receiptChainHash(index);
  const vote = table.votingFor(index);
  return {
    publicKey,
    balance: table.balance(index),
    nonce: table.nonce(index),
    receiptChainHash: EMPTY_RECEIPT_CHAIN_BYTES.equals(receipt)
      ? EMPTY_RECEIPT_CHAIN_HASH
      : (hashTextOfBytes("receiptChainHash", receipt) as ReceiptChainHash),
    delegate: table.delegatesToItself(index) ? publicKey : keyText(table.delegate(index)),
    votingFor: ZERO_STATE_BYTES.equals(vote)
      ? ZERO_STATE_HASH
      : (hashTextOfBytes("stateHash", vote) as StateHash),
    timing: table.timing(index),
  };
}

function keyText({ x, isOdd }: PointBytes): PublicKey {
  const key =
    Buffer.from(x.buffer, x.byteOffset, x.length).toString("latin1") + (isOdd ? "1" : "0");
  let text = keyTexts.get(key);
  if (text === undefined) {
    text = publicKeyTextOfBytes({ x, isOdd });
    keyTexts.set(key, text);
  }
  return text;
}
