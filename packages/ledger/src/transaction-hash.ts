// The hashes by which archives of protocol 1.x name commands: Blake2b-256 over the base58check text
// of a command's serialized form.
//
// A serialized form is a list of parts. Most of them begin with the version of their type, which is
// 1 throughout, and a type inside a type brings its own: hence the runs of ones.

import {
  bytesOfMemo,
  decodeBase58check,
  encodeBase58check,
  type PublicKey,
  type TransactionHash,
  UINT32_MAX,
  type UserCommand,
  VERSION_BYTE,
} from "@forklift/chain";
import { blake2b } from "@noble/hashes/blake2.js";
import { pointBytes } from "./decoded-texts.ts";
import type { Coinbase, SingleTransfer } from "./transaction.ts";

declare const kind: unique symbol;

/** A Schnorr signature as text. Starts with "7m". */
export type Signature = string & { readonly [kind]: "signature" };

/** Version bytes of texts that exist only to be hashed, and of signatures. */
const COINBASE_VERSION = 0x01;
const FEE_TRANSFER_VERSION = 0x03;
const SIGNED_COMMAND_VERSION = 0x13;
const SIGNATURE_VERSION = 0x9a;

/** A type version, r and s. */
const SIGNATURE_BYTES = 1 + 32 + 32;

const DIGEST_BYTES = 32;

/** What "no limit" is inside a command. */
const VALID_FOR_EVER = UINT32_MAX;

const DEFAULT_TOKEN = 1n;

export type UnhashedCommand = Omit<UserCommand, "hash">;

export interface Signed {
  readonly signer: PublicKey;
  readonly signature: Signature;
}

type Parts = readonly (number | Uint8Array)[];

/** @throws FormatError unless the text is base58check of a signature. */
export function parseSignature(text: string): Signature {
  decodeBase58check(text, SIGNATURE_VERSION, SIGNATURE_BYTES);
  return text as Signature;
}

/** @param rAndS 64 bytes. */
export function signatureText(rAndS: Uint8Array): Signature {
  return encodeBase58check(SIGNATURE_VERSION, bytesOf([1, rAndS])) as Signature;
}

/** The hash of a payment or delegation. Its signature is part of it. */
export function hashUserCommand(
  command: UnhashedCommand,
  { signer, signature }: Signed,
): TransactionHash {
  const { fee, feePayer, nonce, validUntil, memo } = command;
  const memoBytes = bytesOfMemo(memo);
  const rAndS = decodeBase58check(signature, SIGNATURE_VERSION, SIGNATURE_BYTES).subarray(1);
  return hashSerialized(SIGNED_COMMAND_VERSION, [
    ...[1, 1, 1],
    ...[1, 1, 1, 1, 1, integer(fee, 64), 1, 1, 1, integer(DEFAULT_TOKEN, 64)],
    ...publicKey(feePayer),
    ...[1, 1, integer(nonce, 32)],
    ...[1, 1, integer(validUntil ?? VALID_FOR_EVER, 32)],
    ...[1, memoBytes.length, memoBytes],
    ...[1, ...bodyOf(command)],
    ...[1, ...publicKey(signer)],
    ...[1, 1, rAndS],
  ]);
}

/** The hash of one half of a fee transfer, and of a fee transfer that a coinbase pays. */
export function hashFeeTransfer({ receiver, fee }: SingleTransfer): TransactionHash {
  return hashSerialized(FEE_TRANSFER_VERSION, [
    ...transferOf({ receiver, fee }),
    ...[1, 1, 1, integer(DEFAULT_TOKEN, 64)],
  ]);
}

export function hashCoinbase({
  receiver,
  amount,
  feeTransfer,
}: Omit<Coinbase, "kind">): TransactionHash {
  return hashSerialized(COINBASE_VERSION, [
    ...transferOf({ receiver, fee: amount }),
    ...(feeTransfer === null ? [0] : [1, ...transferOf(feeTransfer)]),
  ]);
}

function bodyOf({ type, source, receiver, amount }: UnhashedCommand): Parts {
  if (type === "delegation") return [1, 1, 0, ...publicKey(source), ...publicKey(receiver)];
  return [
    ...[0, 1, 1],
    ...publicKey(source),
    ...publicKey(receiver),
    // One version fewer than in front of the fee's token.
    ...[1, 1, integer(DEFAULT_TOKEN, 64)],
    ...[1, 1, 1, integer(amount ?? 0n, 64)],
  ];
}

function transferOf({ receiver, fee }: SingleTransfer): Parts {
  return [1, ...publicKey(receiver), 1, 1, integer(fee, 64)];
}

function publicKey(key: PublicKey): Parts {
  const { x, isOdd } = pointBytes(key);
  return [1, 1, x, isOdd ? 1 : 0];
}

/**
 * An integer in as few bytes as it takes, behind a code for how many. An unsigned integer is read as
 * a signed one of its width first, so the greatest of them is written as -1.
 */
function integer(unsigned: bigint, width: 32 | 64): Uint8Array {
  const value = BigInt.asIntN(width, unsigned);
  if (value >= 0n && value < 0x80n) return Uint8Array.of(Number(value));
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(value, 1);
  if (value >= -0x80n && value < 0n) return coded(bytes, 0xff, 1);
  if (BigInt.asIntN(16, value) === value) return coded(bytes, 0xfe, 2);
  if (BigInt.asIntN(32, value) === value) return coded(bytes, 0xfd, 4);
  return coded(bytes, 0xfc, 8);
}

function coded(bytes: Uint8Array, code: number, valueBytes: number): Uint8Array {
  bytes[0] = code;
  return bytes.subarray(0, 1 + valueBytes);
}

function hashSerialized(version: number, parts: Parts): TransactionHash {
  const text = encodeBase58check(version, bytesOf(parts));
  const digest = blake2b(Buffer.from(text, "ascii"), { dkLen: DIGEST_BYTES });
  return encodeBase58check(
    VERSION_BYTE.transactionHash,
    bytesOf([1, DIGEST_BYTES, digest]),
  ) as TransactionHash;
}

function bytesOf(parts: Parts): Uint8Array {
  const lengths = parts.map((part) => (typeof part === "number" ? 1 : part.length));
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (typeof part === "number") bytes[at] = part;
    else bytes.set(part, at);
    at += lengths[index]!;
  }
  return bytes;
}
