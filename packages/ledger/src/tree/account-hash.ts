// The hash of an account, which is its leaf in the ledger of protocol 1.x.

import {
  DEFAULT_TOKEN_ID,
  type Field,
  fieldFromBytes,
  fieldToBytes,
  publicKeyText,
} from "@forklift/chain";
import { type Account, newAccount } from "../accounts/account.ts";
import { tableOf } from "../accounts/account-objects.ts";
import { AT, FLAG } from "../accounts/account-record.ts";
import type { AccountTable } from "../accounts/account-table.ts";
import { hashLegacy } from "../poseidon/field-hash.ts";
import { hashInputs } from "../poseidon/hash-inputs.ts";
import { InputWriter } from "../poseidon/input-writer.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import type { LeafHash } from "./tree-rules.ts";

/** The hash of the verification key that stands in where an account has no smart contract. */
const DUMMY_VERIFICATION_KEY_HASH =
  0x3f9dc6deb58b12251d9a729acefc6782cafda1453c1a2ed714fdfa3ea030a477n;

/** The smart-contract part of an account without one: eight state elements of zero. */
const NO_SNAPP_DIGEST = fieldToBytes(
  hashLegacy("CodaSnappAccount", [DUMMY_VERIFICATION_KEY_HASH, ...new Array<Field>(8).fill(0n)]),
);

/** How an account is hashed: five field elements and 440 bits, which fill two more, and a zero. */
export const ACCOUNT_LEAF_HASH: LeafHash = { hash: "legacy", prefix: "CodaAccount", pairs: 4 };

/** The bits of a permission, lowest first: constant, signature necessary, signature sufficient. */
const SIGNATURE = 0b110;
const NONE = 0b101;

/** Nobody could set permissions on mainnet 1.x, so these are everyone's. */
const DEFAULT_PERMISSIONS = [
  SIGNATURE, // set_verification_key
  SIGNATURE, // set_permissions
  SIGNATURE, // set_delegate
  NONE, // receive
  SIGNATURE, // send
  SIGNATURE, // edit_state
];

const MAY_STAKE = true;

/** "Not owned" and "account not disabled": two bits. */
const DEFAULT_TOKEN_PERMISSIONS = 0b00;

/** How an account without timing is written: all zeros, but for its vesting period. */
const UNTIMED_VESTING_PERIOD = 1;

/** The leaf of an index without an account: a new account of the key that no one has. */
export const EMPTY_ACCOUNT_HASH: Field = hashAccount(
  newAccount(publicKeyText({ x: 0n, isOdd: false }), 0n),
);

/** @throws FormatError for a malformed key or hash, RangeError for a number that is too wide. */
export function hashAccount(account: Account): Field {
  const { prefix, pairs } = ACCOUNT_LEAF_HASH;
  const input = new Uint8Array(pairs * PAIR_BYTES);
  writeAccount(input, tableOf(account), 0);
  return fieldFromBytes(hashInputs(prefix, input, pairs));
}

/**
 * Writes what is hashed of an account. The protocol folds over the record from its end, so its last
 * part comes first.
 */
export function writeAccount(bytes: Uint8Array, table: AccountTable, index: number): void {
  const input = new InputWriter(bytes, 0);
  const flags = table.uint32(index, AT.flags);
  const isTimed = (flags & FLAG.isTimed) !== 0;
  const uint32 = (at: number) => input.bits(table.uint32(index, at), 32);
  const uint64 = (at: number) => {
    uint32(at);
    uint32(at + 4);
  };
  input.field(NO_SNAPP_DIGEST);
  input.field(table.bytes(index, AT.votingFor));
  input.field(table.bytes(index, AT.delegate));
  input.field(table.bytes(index, AT.receiptChainHash));
  input.field(table.bytes(index, AT.key));
  for (const permission of DEFAULT_PERMISSIONS) input.bits(permission, 3);
  input.boolean(MAY_STAKE);
  input.boolean(isTimed);
  uint64(AT.initialMinimumBalance);
  uint32(AT.cliffTime);
  uint64(AT.cliffAmount);
  if (isTimed) uint32(AT.vestingPeriod);
  else input.bits(UNTIMED_VESTING_PERIOD, 32);
  uint64(AT.vestingIncrement);
  input.boolean((flags & FLAG.delegateIsOdd) !== 0);
  uint32(AT.nonce);
  uint64(AT.balance);
  input.bits(DEFAULT_TOKEN_PERMISSIONS, 2);
  input.bits(Number(DEFAULT_TOKEN_ID), 32);
  input.bits(0, 32);
  input.boolean((flags & FLAG.keyIsOdd) !== 0);
}
