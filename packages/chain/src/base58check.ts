// Base58check as Mina prints it: version byte, payload, first four bytes of a double SHA-256.

import { hash } from "node:crypto";
import { decodeBase58, encodeBase58Ascii } from "./base58.ts";
import { FormatError, formatErrorAt, quote } from "./format-error.ts";

/** Version bytes, from `base58_check/version_bytes.ml` of the Mina source. */
export const VERSION_BYTE = {
  ledgerHash: 0x05,
  receiptChainHash: 0x0c,
  epochSeed: 0x0d,
  auxHash: 0x0e,
  pendingCoinbaseAux: 0x0f,
  stateHash: 0x10,
  transactionHash: 0x12,
  memo: 0x14,
  tokenId: 0x1c,
  publicKey: 0xcb,
} as const;

const CHECKSUM_BYTES = 4;

/**
 * The payload behind the version byte.
 * @throws FormatError when the alphabet, the checksum, the version byte or the length is wrong.
 */
export function decodeBase58check(text: string, version: number, payloadBytes: number): Uint8Array {
  const bytes = decodeChecked(text);
  if (bytes[0] !== version) {
    throw new FormatError(
      `${quote(text)} has version byte ${hex(bytes[0])}, expected ${hex(version)}`,
    );
  }
  if (bytes.length !== payloadBytes + 1) {
    throw new FormatError(
      `${quote(text)} holds ${bytes.length - 1} bytes, expected ${payloadBytes}`,
    );
  }
  return bytes.subarray(1);
}

/** @throws RangeError when the payload is longer than `BASE58_BYTES_MAX` less the other five bytes. */
export function encodeBase58check(version: number, payload: Uint8Array): string {
  return encodeBase58checkAscii(version, payload).toString("latin1");
}

/** The same text as ASCII codes, for what is digested next. */
export function encodeBase58checkAscii(version: number, payload: Uint8Array): Buffer {
  const bytes = new Uint8Array(1 + payload.length + CHECKSUM_BYTES);
  bytes[0] = version;
  bytes.set(payload, 1);
  const end = bytes.length - CHECKSUM_BYTES;
  const checksum = checksumOf(bytes.subarray(0, end));
  for (let at = 0; at < CHECKSUM_BYTES; at++) bytes[end + at] = checksum.charCodeAt(at);
  return encodeBase58Ascii(bytes);
}

/** Version byte and payload, their checksum compared and removed. */
function decodeChecked(text: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = decodeBase58(text);
  } catch (error) {
    throw formatErrorAt(`not base58check: ${quote(text)}`, error);
  }
  const end = bytes.length - CHECKSUM_BYTES;
  const checked = bytes.subarray(0, Math.max(end, 0));
  const checksum = checksumOf(checked);
  for (let at = 0; at < CHECKSUM_BYTES; at++) {
    if (bytes[end + at] !== checksum.charCodeAt(at)) {
      throw new FormatError(`not base58check: ${quote(text)}: the checksum does not fit`);
    }
  }
  return checked;
}

const DIGEST_BYTES = 32;

/** Two SHA-256, of which the first four bytes count; a character for each byte of the second. */
function checksumOf(bytes: Uint8Array): string {
  // Of all the ways to call SHA-256 in Node, text of one byte a character is the cheapest.
  const digest = Buffer.allocUnsafe(DIGEST_BYTES);
  digest.write(hash("sha256", bytes, "binary"), "latin1");
  return hash("sha256", digest, "binary");
}

function hex(byte: number | undefined): string {
  return byte === undefined ? "none" : `0x${byte.toString(16).padStart(2, "0")}`;
}
