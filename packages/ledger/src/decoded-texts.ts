// The bytes behind base58 texts, remembered: the same keys and hashes are hashed again and again.
//
// A decode costs a big-number conversion and two SHA-256, as much as a permutation.

import {
  type CurvePoint,
  type Field,
  type FieldHashKind,
  fieldFromBytes,
  fieldOfHash,
  fieldToBytes,
  hashText,
  type PublicKey,
  pointOfPublicKey,
  type ReceiptChainHash,
} from "@forklift/chain";
import { BoundedCache } from "./bounded-cache.ts";

/** Entries a generation, about 400 bytes each: more keys than a week of mainnet blocks touches. */
const CACHED_KEYS_MAX = 32_768;

/** Hashes repeat less: the receipts of busy payers, and what a protocol state inherits. */
const CACHED_HASHES_MAX = 16_384;

/** A compressed curve point, its x coordinate in the bytes that are hashed. */
export interface PointBytes {
  readonly x: Uint8Array;
  readonly isOdd: boolean;
}

const points = new BoundedCache<string, PointBytes>(CACHED_KEYS_MAX);
const fields = new BoundedCache<string, Uint8Array>(CACHED_HASHES_MAX);

/** @throws FormatError unless the text is a public key. */
export function pointBytes(key: string): PointBytes {
  let point = points.get(key);
  if (point === undefined) {
    const { x, isOdd } = pointOfPublicKey(key);
    point = { x: fieldToBytes(x), isOdd };
    points.set(key, point);
  }
  return point;
}

/** @throws FormatError unless the text is a public key. */
export function cachedPoint(key: string): CurvePoint {
  const { x, isOdd } = pointBytes(key);
  return { x: fieldFromBytes(x), isOdd };
}

/** @throws FormatError unless the text is a hash of that kind. */
export function fieldBytes(kind: FieldHashKind, text: string): Uint8Array {
  // The kind is part of the key: a text accepted as one kind must not pass for another.
  const key = `${kind} ${text}`;
  let bytes = fields.get(key);
  if (bytes === undefined) {
    bytes = fieldToBytes(fieldOfHash(kind, text));
    fields.set(key, bytes);
  }
  return bytes;
}

/** @throws FormatError unless the text is a hash of that kind. */
export function cachedField(kind: FieldHashKind, text: string): Field {
  return fieldFromBytes(fieldBytes(kind, text));
}

/** The text of a receipt chain hash, remembered since its account is hashed next. */
export function receiptChainHashOfBytes(bytes: Uint8Array): ReceiptChainHash {
  const text = hashText("receiptChainHash", fieldFromBytes(bytes)) as ReceiptChainHash;
  fields.set(`receiptChainHash ${text}`, bytes);
  return text;
}

/** A public key that is known to be well formed. */
export function checkedPublicKey(text: string): PublicKey {
  pointBytes(text);
  return text as PublicKey;
}
