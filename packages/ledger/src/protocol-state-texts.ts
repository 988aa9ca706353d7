// Texts that only a protocol state holds, and the bytes behind them.

import { decodeBase58check, FormatError, fieldOfHash, VERSION_BYTE } from "@forklift/chain";
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

/** What the protocol keeps of an output: two bits fewer than a field element has. */
export const VRF_OUTPUT_BITS = 253;

/**
 * The output as a number.
 * @throws FormatError unless the text is the one canonical form: padding, unused bits of the last
 * character and the three bits that are not hashed could otherwise vary without changing the hash.
 */
export function numberOfVrfOutput(text: string): bigint {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== VRF_OUTPUT_BYTES || `${bytes.toString("base64url")}=` !== text) {
    throw new FormatError(
      `not ${VRF_OUTPUT_BYTES} bytes in URL-safe base64: ${JSON.stringify(text).slice(0, 80)}`,
    );
  }
  const output = BigInt(`0x${bytes.reverse().toString("hex")}`);
  if (output >> BigInt(VRF_OUTPUT_BITS) !== 0n) {
    throw new FormatError(`${text} has more than ${VRF_OUTPUT_BITS} bits`);
  }
  return output;
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
  fieldOfHash("receiptChainHash", text);
  return text as PendingCoinbaseHash;
}

export function parseVrfOutput(text: string): VrfOutput {
  numberOfVrfOutput(text);
  return text as VrfOutput;
}
