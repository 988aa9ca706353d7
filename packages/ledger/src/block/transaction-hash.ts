// The hashes by which archives of protocol 1.x name commands: Blake2b-256 over the base58check text
// of a command's serialized form. Held against every command of a real node's archive; mina-signer's
// hash of the same commands is another one, see its test.

import {
  DEFAULT_TOKEN_ID,
  decodeBase58check,
  encodeBase58check,
  encodeBase58checkAscii,
  FormatError,
  type PublicKey,
  quote,
  type TransactionHash,
  type UserCommand,
  VALID_FOR_EVER,
  VERSION_BYTE,
} from "@forklift/chain";
import { blake2b } from "@noble/hashes/blake2.js";
import { memoBytes } from "../text/decoded-texts.ts";
import { SerializedForm } from "./serialized-form.ts";
import type { Coinbase, SingleTransfer } from "./transaction.ts";

declare const kind: unique symbol;

/** A Schnorr signature as text. Starts with "7m". */
export type Signature = string & { readonly [kind]: "signature" };

/** Version bytes of texts that exist only to be hashed, and of signatures. */
const COINBASE_VERSION = 0x01;
const FEE_TRANSFER_VERSION = 0x03;
const SIGNED_COMMAND_VERSION = 0x13;
const SIGNATURE_VERSION = 0x9a;

const TYPE_VERSION = 1;

/** Of r and of s. */
const NUMBER_BYTES = 32;

const SIGNATURE_BYTES = 1 + 2 * NUMBER_BYTES;

const DIGEST_BYTES = 32;

/** Nothing is hashed while another command is being written, so one is enough. */
const serialized = new SerializedForm();

export type UnhashedCommand = Omit<UserCommand, "hash">;

export interface Signed {
  readonly signer: PublicKey;
  readonly signature: Signature;
}

/** Type version, r and s, as they stand in a command. */
export type SignatureBytes = Uint8Array & { readonly [kind]: "signature bytes" };

export interface ReadSignature {
  readonly text: Signature;
  readonly bytes: SignatureBytes;
  /** 32 bytes, little-endian, as `s`: whether they are numbers of their field is not asked here. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

/** @throws FormatError unless the text is base58check of a signature. */
export function readSignature(base58: string): ReadSignature {
  const bytes = decodeBase58check(base58, SIGNATURE_VERSION, SIGNATURE_BYTES) as SignatureBytes;
  if (bytes[0] !== TYPE_VERSION) {
    throw new FormatError(
      `${quote(base58)} has type version ${bytes[0]}, expected ${TYPE_VERSION}`,
    );
  }
  const [rAt, sAt] = [1, 1 + NUMBER_BYTES];
  return { text: base58 as Signature, bytes, r: bytes.subarray(rAt, sAt), s: bytes.subarray(sAt) };
}

/** @param rAndS 64 bytes. */
export function signatureText(rAndS: Uint8Array): Signature {
  return encodeBase58check(SIGNATURE_VERSION, Uint8Array.of(TYPE_VERSION, ...rAndS)) as Signature;
}

/** The hash of a payment or delegation. Its signature is part of it. */
export function hashUserCommand(command: UnhashedCommand, { signer, signature }: Signed) {
  return hashSignedCommand(command, signer, readSignature(signature).bytes);
}

/** The same where the signature has been read already. */
export function hashSignedCommand(
  command: UnhashedCommand,
  signer: PublicKey,
  signature: SignatureBytes,
): TransactionHash {
  return hashSerialized(SIGNED_COMMAND_VERSION, signedCommandForm(command, signer, signature));
}

/** A signed command as it is hashed. Good until another command is hashed or written. */
export function signedCommandForm(
  command: UnhashedCommand,
  signer: PublicKey,
  signature: SignatureBytes,
): SerializedForm {
  const { fee, feePayer, nonce, validUntil, memo } = command;
  const form = serialized.begin();
  form.tags(9).integer(fee, 64);
  form.tags(3).integer(DEFAULT_TOKEN_ID, 64);
  form.publicKey(feePayer);
  form.tags(2).integer(nonce, 32);
  form.tags(2).integer(validUntil ?? VALID_FOR_EVER, 32);
  form.tags(1).sized(memoBytes(memo));
  form.tags(2);
  writeBody(form, command);
  form.tags(1).publicKey(signer);
  form.tags(1).bytes(signature);
  return form;
}

/** The hash of one half of a fee transfer, and of a fee transfer that a coinbase pays. */
export function hashFeeTransfer(transfer: SingleTransfer): TransactionHash {
  const form = serialized.begin();
  writeTransfer(form, transfer);
  form.tags(3).integer(DEFAULT_TOKEN_ID, 64);
  return hashSerialized(FEE_TRANSFER_VERSION, form);
}

export function hashCoinbase({
  receiver,
  amount,
  feeTransfer,
}: Omit<Coinbase, "kind">): TransactionHash {
  const form = serialized.begin();
  writeTransfer(form, { receiver, fee: amount });
  form.byte(feeTransfer === null ? 0 : 1);
  if (feeTransfer !== null) writeTransfer(form, feeTransfer);
  return hashSerialized(COINBASE_VERSION, form);
}

function writeBody(
  form: SerializedForm,
  { type, source, receiver, amount }: UnhashedCommand,
): void {
  if (type === "delegation") {
    form.byte(1).tags(1).byte(0).publicKey(source).publicKey(receiver);
    return;
  }
  form.byte(0).tags(2).publicKey(source).publicKey(receiver);
  form.tags(3).integer(DEFAULT_TOKEN_ID, 64);
  form.tags(2).integer(amount ?? 0n, 64);
}

function writeTransfer(form: SerializedForm, { receiver, fee }: SingleTransfer): void {
  form.tags(1).publicKey(receiver).tags(2).integer(fee, 64);
}

function hashSerialized(version: number, form: SerializedForm): TransactionHash {
  const text = encodeBase58checkAscii(version, form.written());
  const payload = new Uint8Array(2 + DIGEST_BYTES);
  payload[0] = 1;
  payload[1] = DIGEST_BYTES;
  payload.set(blake2b(text, { dkLen: DIGEST_BYTES }), 2);
  return encodeBase58check(VERSION_BYTE.transactionHash, payload) as TransactionHash;
}
