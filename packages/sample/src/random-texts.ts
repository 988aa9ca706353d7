// Hashes and memos that nobody made: well formed, and of random content.

import {
  encodeBase58check,
  FIELD_MODULUS,
  type FieldHashKind,
  hashText,
  type Memo,
  VERSION_BYTE,
} from "@forklift/chain";
import type { AuxHash, PendingCoinbaseAux, PendingCoinbaseHash, VrfOutput } from "@forklift/ledger";
import type { Random } from "./random.ts";

const DIGEST_BYTES = 32;

/** A VRF output keeps 253 of its 256 bits: the top three of the last byte are zero. */
const LAST_BYTE_BITS = 0b0001_1111;

export function randomHash<Hash extends string>(random: Random, kind: FieldHashKind): Hash {
  return hashText(kind, random.bigBelow(FIELD_MODULUS)) as Hash;
}

export function randomAuxHash(random: Random): AuxHash {
  return encodeBase58check(VERSION_BYTE.auxHash, random.bytes(DIGEST_BYTES)) as AuxHash;
}

export function randomPendingCoinbaseAux(random: Random): PendingCoinbaseAux {
  const digest = random.bytes(DIGEST_BYTES);
  return encodeBase58check(VERSION_BYTE.pendingCoinbaseAux, digest) as PendingCoinbaseAux;
}

/** Printed under the version byte of receipt chain hashes. */
export function randomPendingCoinbaseHash(random: Random): PendingCoinbaseHash {
  return randomHash(random, "receiptChainHash");
}

export function randomVrfOutput(random: Random): VrfOutput {
  const output = Buffer.from(random.bytes(DIGEST_BYTES));
  output[DIGEST_BYTES - 1]! &= LAST_BYTE_BITS;
  return `${output.toString("base64url")}=` as VrfOutput;
}

const MEMO_TEXT_BYTES = 32;

/** A memo says whether it holds text or the digest of a longer text. */
const MEMO_TAG = { digest: 0, text: 1 } as const;

/** Texts that have broken a reader somewhere. */
const ODD_TEXTS: readonly Uint8Array[] = [
  Buffer.from("thirty-two bytes fill the memo.."),
  Buffer.from("Ünïcødé ✓ 🦊 日本語"),
  Buffer.from("tab\there, \\N and \\. and ';--"),
  Buffer.from('{"json": null}\n'),
  // A character truncated by the end of the memo.
  Buffer.from("the fox is cut off here, at: 🦊🦊").subarray(0, 31),
  Uint8Array.of(0, 1, 2, 0, 255, 254, 0),
];

export function randomMemo(random: Random): Memo {
  switch (random.below(6)) {
    case 0:
      return memoText(MEMO_TAG.text, Buffer.from(`order ${random.below(100_000)}`));
    case 1:
      return memoText(MEMO_TAG.text, random.pick(ODD_TEXTS));
    case 2:
      return memoText(MEMO_TAG.digest, random.bytes(MEMO_TEXT_BYTES));
    default:
      return memoText(MEMO_TAG.text, new Uint8Array());
  }
}

/** Tag, length, and 32 bytes of which the rest is zero. */
function memoText(tag: number, content: Uint8Array): Memo {
  const bytes = new Uint8Array(2 + MEMO_TEXT_BYTES);
  bytes[0] = tag;
  bytes[1] = content.length;
  bytes.set(content, 2);
  return encodeBase58check(VERSION_BYTE.memo, bytes) as Memo;
}
