// The hash of an account after the hard fork: what was an account of protocol 1.x, hashed as
// Berkeley does.

import { DEFAULT_TOKEN_ID, FIELD_BYTES, fieldToBytes } from "@forklift/chain";
import { AT, FLAG } from "../accounts/account-record.ts";
import type { AccountTable } from "../accounts/account-table.ts";
import { hashKimchi, kimchiSalt } from "../poseidon/field-hash.ts";
import { InputWriter } from "../poseidon/input-writer.ts";
import type { LeafHash } from "./tree-rules.ts";

/**
 * How an account is hashed: six field elements and two of packed bits. `Account.to_input` of the
 * Mina source, under a prefix of `hash_prefixes.ml`.
 */
export const BERKELEY_LEAF_HASH: LeafHash = { hash: "kimchi", prefix: "MinaAccount", pairs: 4 };

/** Where the two elements of packed bits stand in an input. */
const PACKED_AT = [6 * FIELD_BYTES, 7 * FIELD_BYTES] as const;

/** The hash of the verification key that stands in where an account has no smart contract. */
const DUMMY_VERIFICATION_KEY_HASH =
  0x078018e7a866153a26b0496ca16fe713962dffb84f604368d8bc1f09e418dad6n;

/** The default token, whose identifier has become a field element. */
const DEFAULT_TOKEN = fieldToBytes(DEFAULT_TOKEN_ID);

/** The bits of a permission, highest first: constant, signature necessary, signature sufficient. */
const SIGNATURE = 0b011;
const NONE = 0b101;

/** From the last to the first; the transaction version of the first follows it in the input. */
const PERMISSIONS_AFTER_VERSION = [
  SIGNATURE, // set_timing
  SIGNATURE, // set_voting_for
  SIGNATURE, // increment_nonce
  SIGNATURE, // set_token_symbol
  SIGNATURE, // edit_action_state
  SIGNATURE, // set_zkapp_uri
];
const PERMISSIONS_BEFORE_VERSION = [
  SIGNATURE, // set_verification_key
  SIGNATURE, // set_permissions
  SIGNATURE, // set_delegate
  NONE, // receive
  SIGNATURE, // send
  NONE, // access
  SIGNATURE, // edit_state
];

/** How an account without timing is written: all zeros, but for its vesting period. */
const UNTIMED_VESTING_PERIOD = 1;

/** Bytes of a token symbol, read as one little-endian number. */
const TOKEN_SYMBOL_BYTES = 6;

/** What an account of protocol 1.x does not say about itself. */
export interface BerkeleyExtras {
  /**
   * The transaction version from which the verification key may be set. The hard fork gave the
   * accounts that it migrated 2; an account that Berkeley opens has 3.
   */
  readonly verificationKeyVersion: 2 | 3;
  /** At most six ASCII characters. */
  readonly tokenSymbol: string;
}

export const MIGRATED: BerkeleyExtras = { verificationKeyVersion: 2, tokenSymbol: "" };

export const OPENED_BY_BERKELEY: BerkeleyExtras = { verificationKeyVersion: 3, tokenSymbol: "" };

/** Writes what is hashed of an account. */
export function writeBerkeleyAccount(
  input: Uint8Array,
  table: AccountTable,
  index: number,
  extras: BerkeleyExtras,
): void {
  writeFields(input, table, index);
  writePermissionsAndCliff(new InputWriter(input, PACKED_AT[0]), table, index, extras);
  writeVestingAndBalance(new InputWriter(input, PACKED_AT[1]), table, index, extras);
}

/** As in protocol 1.x the record is folded from its end, so that its last part comes first. */
function writeFields(input: Uint8Array, table: AccountTable, index: number): void {
  const writer = new InputWriter(input, 0);
  writer.field(noZkappDigest());
  writer.field(table.votingFor(index));
  writer.field(table.delegate(index).x);
  writer.field(table.receiptChainHash(index));
  writer.field(DEFAULT_TOKEN);
  writer.field(table.key(index).x);
}

/**
 * Bits are packed otherwise than before: the first is the highest, and a part that would bring an
 * element to 255 bits goes to the next one whole. Every account fills two elements in the same way,
 * so the parts can be written from the last to the first, each lowest bit first.
 */
function writePermissionsAndCliff(
  writer: InputWriter,
  table: AccountTable,
  index: number,
  { verificationKeyVersion }: BerkeleyExtras,
): void {
  writer.bits(table.uint32(index, AT.cliffAmount), 32);
  writer.bits(table.uint32(index, AT.cliffAmount + 4), 32);
  writer.bits(table.uint32(index, AT.cliffTime), 32);
  writer.bits(table.uint32(index, AT.initialMinimumBalance), 32);
  writer.bits(table.uint32(index, AT.initialMinimumBalance + 4), 32);
  writer.boolean(table.isTimed(index));
  for (const permission of PERMISSIONS_AFTER_VERSION) writer.bits(permission, 3);
  writer.bits(verificationKeyVersion, 32);
  for (const permission of PERMISSIONS_BEFORE_VERSION) writer.bits(permission, 3);
}

/** The second element, likewise from its end. */
function writeVestingAndBalance(
  writer: InputWriter,
  table: AccountTable,
  index: number,
  { tokenSymbol }: BerkeleyExtras,
): void {
  const flags = table.uint32(index, AT.flags);
  writer.boolean((flags & FLAG.keyIsOdd) !== 0);
  const symbol = Buffer.alloc(TOKEN_SYMBOL_BYTES);
  symbol.write(tokenSymbol, "ascii");
  for (const byte of symbol) writer.bits(byte, 8);
  writer.bits(table.uint32(index, AT.balance), 32);
  writer.bits(table.uint32(index, AT.balance + 4), 32);
  writer.bits(table.uint32(index, AT.nonce), 32);
  writer.boolean((flags & FLAG.delegateIsOdd) !== 0);
  writer.bits(table.uint32(index, AT.vestingIncrement), 32);
  writer.bits(table.uint32(index, AT.vestingIncrement + 4), 32);
  const isTimed = (flags & FLAG.isTimed) !== 0;
  writer.bits(isTimed ? table.uint32(index, AT.vestingPeriod) : UNTIMED_VESTING_PERIOD, 32);
}

let noZkapp: Uint8Array | undefined;

/** The smart-contract part of an account without one. */
export function noZkappDigest(): Uint8Array {
  if (noZkapp === undefined) {
    const emptyUri = hashKimchi("MinaZkappUri", [1n]);
    const noAction = kimchiSalt("MinaZkappActionStateEmptyElt");
    const state = new Array<bigint>(8).fill(0n);
    // Proved state, last slot with an action, version of the contract: bits that are all zero.
    const packed = 0n;
    noZkapp = fieldToBytes(
      hashKimchi("MinaZkappAccount", [
        emptyUri,
        ...new Array<bigint>(5).fill(noAction),
        DUMMY_VERIFICATION_KEY_HASH,
        ...state,
        packed,
      ]),
    );
  }
  return noZkapp;
}
