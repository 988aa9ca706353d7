// The base58check texts by which the network names things: branded, checked, and read as numbers.

import { decodeBase58check, encodeBase58check, VERSION_BYTE } from "./base58check.ts";
import {
  FIELD_BYTES,
  type Field,
  fieldFromBytes,
  fieldToBytes,
  requireFieldBytes,
} from "./field.ts";
import { FormatError } from "./format-error.ts";

declare const kind: unique symbol;
type Branded<Name extends string> = string & { readonly [kind]: Name };

/** Identifies a block. Starts with "3N". */
export type StateHash = Branded<"state hash">;
/** Identifies the account state after a block. Starts with "j". */
export type LedgerHash = Branded<"ledger hash">;
/** Chains the commands of one fee payer. Starts with "2m" or "2n". */
export type ReceiptChainHash = Branded<"receipt chain hash">;
/** The randomness of an epoch. Starts with "2va". */
export type EpochSeed = Branded<"epoch seed">;
/** A compressed public key. Starts with "B62". */
export type PublicKey = Branded<"public key">;
/** A transaction hash of protocol 1.x. Starts with "Ckp". */
export type TransactionHash = Branded<"transaction hash">;
/** A memo, 34 bytes as base58check. Starts with "E4Y". */
export type Memo = Branded<"memo">;

/** Hash kinds whose payload is a type version and a field element. */
const FIELD_HASH_VERSION = {
  stateHash: VERSION_BYTE.stateHash,
  ledgerHash: VERSION_BYTE.ledgerHash,
  receiptChainHash: VERSION_BYTE.receiptChainHash,
  epochSeed: VERSION_BYTE.epochSeed,
} as const;

export type FieldHashKind = keyof typeof FIELD_HASH_VERSION;

/** The type version byte in front of every versioned payload. */
const TYPE_VERSION = 1;

/** @throws FormatError unless the text is canonical base58check of that kind of hash. */
export function fieldOfHash(hashKind: FieldHashKind, text: string): Field {
  return fieldFromBytes(fieldBytesOfHash(hashKind, text));
}

/** The same as 32 canonical bytes. @throws FormatError likewise. */
export function fieldBytesOfHash(hashKind: FieldHashKind, text: string): Uint8Array {
  const payload = decodeBase58check(text, FIELD_HASH_VERSION[hashKind], 1 + FIELD_BYTES);
  requireTypeVersion(text, payload[0]);
  const bytes = payload.subarray(1);
  requireFieldBytes(bytes);
  return bytes;
}

export function hashText(hashKind: FieldHashKind, field: Field): string {
  return hashTextOfBytes(hashKind, fieldToBytes(field));
}

/** @param field 32 canonical bytes. */
export function hashTextOfBytes(hashKind: FieldHashKind, field: Uint8Array): string {
  const payload = new Uint8Array(1 + FIELD_BYTES);
  payload[0] = TYPE_VERSION;
  payload.set(field, 1);
  return encodeBase58check(FIELD_HASH_VERSION[hashKind], payload);
}

export function parseStateHash(text: string): StateHash {
  fieldBytesOfHash("stateHash", text);
  return text as StateHash;
}

export function parseLedgerHash(text: string): LedgerHash {
  fieldBytesOfHash("ledgerHash", text);
  return text as LedgerHash;
}

export function parseReceiptChainHash(text: string): ReceiptChainHash {
  fieldBytesOfHash("receiptChainHash", text);
  return text as ReceiptChainHash;
}

export function parseEpochSeed(text: string): EpochSeed {
  fieldBytesOfHash("epochSeed", text);
  return text as EpochSeed;
}

/** A compressed point: its x coordinate and the parity of its y coordinate. */
export interface CurvePoint {
  readonly x: Field;
  readonly isOdd: boolean;
}

/** The same with x as 32 canonical bytes, for those who hash it. */
export interface PointBytes {
  readonly x: Uint8Array;
  readonly isOdd: boolean;
}

/** @throws FormatError unless the text is canonical base58check of a public key. */
export function pointOfPublicKey(text: string): CurvePoint {
  const { x, isOdd } = pointBytesOfPublicKey(text);
  return { x: fieldFromBytes(x), isOdd };
}

/** @throws FormatError likewise. */
export function pointBytesOfPublicKey(text: string): PointBytes {
  const payload = decodeBase58check(text, VERSION_BYTE.publicKey, 3 + FIELD_BYTES);
  requireTypeVersion(text, payload[0]);
  requireTypeVersion(text, payload[1]);
  const parity = payload[2 + FIELD_BYTES];
  if (parity !== 0 && parity !== 1) {
    throw new FormatError(`${text} has parity byte ${parity}, expected 0 or 1`);
  }
  const x = payload.subarray(2, 2 + FIELD_BYTES);
  requireFieldBytes(x);
  return { x, isOdd: parity === 1 };
}

export function publicKeyText({ x, isOdd }: CurvePoint): PublicKey {
  return publicKeyTextOfBytes({ x: fieldToBytes(x), isOdd });
}

export function publicKeyTextOfBytes({ x, isOdd }: PointBytes): PublicKey {
  const payload = new Uint8Array(3 + FIELD_BYTES);
  payload[0] = TYPE_VERSION;
  payload[1] = TYPE_VERSION;
  payload.set(x, 2);
  payload[2 + FIELD_BYTES] = isOdd ? 1 : 0;
  return encodeBase58check(VERSION_BYTE.publicKey, payload) as PublicKey;
}

export function parsePublicKey(text: string): PublicKey {
  pointBytesOfPublicKey(text);
  return text as PublicKey;
}

/** Tag byte, length byte and 32 bytes of text, as they enter the receipt chain. */
const MEMO_BYTES = 34;

/** @throws FormatError unless the text is base58check of a 34-byte memo. */
export function bytesOfMemo(text: string): Uint8Array {
  return decodeBase58check(text, VERSION_BYTE.memo, MEMO_BYTES);
}

export function parseMemo(text: string): Memo {
  bytesOfMemo(text);
  return text as Memo;
}

/** Type version, length and a Blake2b-256 digest. */
const TRANSACTION_HASH_BYTES = 34;

export function parseTransactionHash(text: string): TransactionHash {
  decodeBase58check(text, VERSION_BYTE.transactionHash, TRANSACTION_HASH_BYTES);
  return text as TransactionHash;
}

function requireTypeVersion(text: string, byte: number | undefined): void {
  if (byte !== TYPE_VERSION) {
    throw new FormatError(`${text} has type version ${byte}, expected ${TYPE_VERSION}`);
  }
}
