// Base58check as Mina prints it: version byte, payload, first four bytes of a double SHA-256.

import { createHash } from "node:crypto";
import { createBase58check } from "@scure/base";
import { FormatError } from "./format-error.ts";

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

const codec = createBase58check((bytes: Uint8Array) => createHash("sha256").update(bytes).digest());

/**
 * The payload behind the version byte.
 * @throws FormatError when the alphabet, the checksum, the version byte or the length is wrong.
 */
export function decodeBase58check(text: string, version: number, payloadBytes: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = codec.decode(text);
  } catch (cause) {
    throw new FormatError(`not base58check: ${quote(text)}`, { cause });
  }
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

export function encodeBase58check(version: number, payload: Uint8Array): string {
  const bytes = new Uint8Array(payload.length + 1);
  bytes[0] = version;
  bytes.set(payload, 1);
  return codec.encode(bytes);
}

function hex(byte: number | undefined): string {
  return byte === undefined ? "none" : `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Hostile input may be megabytes long; a message needs only its beginning. */
function quote(text: string): string {
  return text.length <= 80 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 77))}…`;
}
