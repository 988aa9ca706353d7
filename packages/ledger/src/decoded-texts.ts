// The numbers behind base58 texts, remembered: the same keys and hashes are hashed again and again.
//
// A decode costs a big-number conversion and two SHA-256, as much as a fast permutation.

import {
  type CurvePoint,
  type Field,
  type FieldHashKind,
  fieldOfHash,
  hashText,
  type PublicKey,
  pointOfPublicKey,
  type ReceiptChainHash,
} from "@forklift/chain";
import { BoundedCache } from "./bounded-cache.ts";

/** Entries a generation, about 250 bytes each: more keys than a week of mainnet blocks touches. */
const CACHED_KEYS_MAX = 32_768;

/** Hashes repeat less: the receipts of busy payers, and what a protocol state inherits. */
const CACHED_HASHES_MAX = 16_384;

const points = new BoundedCache<string, CurvePoint>(CACHED_KEYS_MAX);
const fields = new BoundedCache<string, Field>(CACHED_HASHES_MAX);

/** @throws FormatError unless the text is a public key. */
export function cachedPoint(key: string): CurvePoint {
  let point = points.get(key);
  if (point === undefined) {
    point = pointOfPublicKey(key);
    points.set(key, point);
  }
  return point;
}

/** @throws FormatError unless the text is a hash of that kind. */
export function cachedField(kind: FieldHashKind, text: string): Field {
  // The kind is part of the key: a text accepted as one kind must not pass for another.
  const key = `${kind} ${text}`;
  let field = fields.get(key);
  if (field === undefined) {
    field = fieldOfHash(kind, text);
    fields.set(key, field);
  }
  return field;
}

/** The text of a receipt chain hash, remembered since its account is hashed next. */
export function receiptChainHashOfField(field: Field): ReceiptChainHash {
  const text = hashText("receiptChainHash", field) as ReceiptChainHash;
  fields.set(`receiptChainHash ${text}`, field);
  return text;
}

/** A public key that is known to be well formed. */
export function checkedPublicKey(text: string): PublicKey {
  cachedPoint(text);
  return text as PublicKey;
}
