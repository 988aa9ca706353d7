// Texts that only a protocol state holds, and the bytes behind them.

import { decodeBase58check, FormatError, quote, VERSION_BYTE } from "@forklift/chain";
import { fieldBytes } from "../text/decoded-texts.ts";
import type {
  AuxHash,
  PendingCoinbaseAux,
  PendingCoinbaseHash,
  VrfOutput,
} from "./protocol-state.ts";

const DIGEST_BYTES = 32;

/** @throws FormatError */
export function bytesOfAuxHash(text: string): Uint8Array {
  return decodeBase58check(text, VERSION_BYTE.auxHash, DIGEST_BYTES);
}

/** @throws FormatError */
export function bytesOfPendingCoinbaseAux(text: string): Uint8Array {
  return decodeBase58check(text, VERSION_BYTE.pendingCoinbaseAux, DIGEST_BYTES);
}

const VRF_OUTPUT_BYTES = 32;

/** With the one padding character. */
const VRF_OUTPUT_CHARACTERS = 44;

/** What the protocol keeps of an output: two bits fewer than a field element has. */
export const VRF_OUTPUT_BITS = 253;

/**
 * The output as 32 bytes, lowest first.
 * @throws FormatError unless the text is the one canonical form: padding, unused bits of the last
 * character and the three bits that are not hashed could otherwise vary without changing the hash.
 */
export function bytesOfVrfOutput(text: string): Uint8Array {
  const bytes = Buffer.from(text.slice(0, VRF_OUTPUT_CHARACTERS), "base64url");
  if (bytes.length !== VRF_OUTPUT_BYTES || `${bytes.toString("base64url")}=` !== text) {
    throw new FormatError(`not ${VRF_OUTPUT_BYTES} bytes in URL-safe base64: ${quote(text)}`);
  }
  if (bytes[VRF_OUTPUT_BYTES - 1]! >= 1 << (VRF_OUTPUT_BITS % 8)) {
    throw new FormatError(`${text} has more than ${VRF_OUTPUT_BITS} bits`);
  }
  return bytes;
}

export function parseAuxHash(text: string): AuxHash {
  bytesOfAuxHash(text);
  return text as AuxHash;
}

export function parsePendingCoinbaseAux(text: string): PendingCoinbaseAux {
  bytesOfPendingCoinbaseAux(text);
  return text as PendingCoinbaseAux;
}

export function parsePendingCoinbaseHash(text: string): PendingCoinbaseHash {
  fieldBytes("receiptChainHash", text);
  return text as PendingCoinbaseHash;
}

export function parseVrfOutput(text: string): VrfOutput {
  bytesOfVrfOutput(text);
  return text as VrfOutput;
}
