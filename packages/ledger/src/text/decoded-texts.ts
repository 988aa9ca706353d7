// The bytes behind base58 texts, remembered: the same keys and hashes are hashed again and again.
//
// A decode takes two SHA-256 and a change of base; what is remembered takes one look into a map. A
// protocol state has some twenty such texts, of which all but six are in the block before as well.

import {
  bytesOfMemo,
  type FieldHashKind,
  fieldBytesOfHash,
  hashTextOfBytes,
  type Memo,
  type PointBytes,
  type PublicKey,
  pointBytesOfPublicKey,
} from "@forklift/chain";
import { BoundedCache } from "./bounded-cache.ts";

export type { PointBytes } from "@forklift/chain";

/** Entries a generation, about 400 bytes each: more keys than a week of mainnet blocks touches. */
const CACHED_KEYS_MAX = 32_768;

/** Likewise. What a state inherits is in the block before it; other hashes hardly repeat. */
const CACHED_HASHES_MAX = 2_048;

/** Likewise. Most commands have the empty memo, and those of a payer are alike. */
const CACHED_MEMOS_MAX = 4_096;

const points = new BoundedCache<string, PointBytes>(CACHED_KEYS_MAX);

const memos = new BoundedCache<string, Uint8Array>(CACHED_MEMOS_MAX);

/** Apart by kind: a text that was accepted as one kind must not pass for another. */
const hashes: Readonly<Record<FieldHashKind, BoundedCache<string, Uint8Array>>> = {
  stateHash: new BoundedCache(CACHED_HASHES_MAX),
  ledgerHash: new BoundedCache(CACHED_HASHES_MAX),
  receiptChainHash: new BoundedCache(CACHED_HASHES_MAX),
  epochSeed: new BoundedCache(CACHED_HASHES_MAX),
};

/** @throws FormatError unless the text is a public key. */
export function pointBytes(key: string): PointBytes {
  let point = points.get(key);
  if (point === undefined) {
    point = pointBytesOfPublicKey(key);
    points.set(key, point);
  }
  return point;
}

/** 34 bytes. @throws FormatError unless the text is a memo. */
export function memoBytes(text: string): Uint8Array {
  let bytes = memos.get(text);
  if (bytes === undefined) {
    bytes = bytesOfMemo(text);
    memos.set(text, bytes);
  }
  return bytes;
}

/** A memo that is known to be well formed. */
export function checkedMemo(text: string): Memo {
  memoBytes(text);
  return text as Memo;
}

/** 32 canonical bytes. @throws FormatError unless the text is a hash of that kind. */
export function fieldBytes(kind: FieldHashKind, text: string): Uint8Array {
  let bytes = hashes[kind].get(text);
  if (bytes === undefined) {
    bytes = fieldBytesOfHash(kind, text);
    hashes[kind].set(text, bytes);
  }
  return bytes;
}

/** The text of a computed hash, remembered since what it names is hashed next. */
export function textOfFieldBytes(kind: FieldHashKind, bytes: Uint8Array): string {
  const text = hashTextOfBytes(kind, bytes);
  hashes[kind].set(text, bytes);
  return text;
}

/** A public key that is known to be well formed. */
export function checkedPublicKey(text: string): PublicKey {
  pointBytes(text);
  return text as PublicKey;
}

/** Whether a key comes before another, as the protocol orders them: by x, then even before odd. */
export function compareKeys(a: PublicKey, b: PublicKey): number {
  const [left, right] = [pointBytes(a), pointBytes(b)];
  for (let at = left.x.length - 1; at >= 0; at--) {
    const difference = left.x[at]! - right.x[at]!;
    if (difference !== 0) return difference;
  }
  return Number(left.isOdd) - Number(right.isOdd);
}
