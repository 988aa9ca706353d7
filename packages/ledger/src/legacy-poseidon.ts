// The hash of protocol 1.x, over field elements as numbers. Hot paths use `hash-inputs.ts`.

import {
  FIELD_BYTES,
  FIELD_MODULUS,
  type Field,
  fieldFromBytes,
  fieldToBytes,
} from "@forklift/chain";
import { bytesOfPrefix, hashInputs, pairsFor } from "./hash-inputs.ts";
import { absorb, type SpongeState } from "./legacy-poseidon-reference.ts";
import { hashPairs, ZERO_STATE } from "./poseidon/poseidon-module.ts";

export { permute, type SpongeState } from "./legacy-poseidon-reference.ts";

/** The sponge after it has absorbed a hash prefix. @throws RangeError above 20 bytes. */
export function prefixState(prefix: string): SpongeState {
  return absorb([0n, 0n, 0n], [numberOfBytes(bytesOfPrefix(prefix))]);
}

/**
 * Hashes field elements, two at a time, under a prefix. Even no element takes a permutation.
 * @throws RangeError for more than 8,192 elements.
 */
export function hashLegacy(prefix: string, inputs: readonly Field[]): Field {
  const pairs = pairsFor(inputs.length);
  return fieldFromBytes(hashInputs(prefix, bytesOfElements(inputs, pairs), pairs));
}

/** A constant of the protocol named by a text. Unlike a prefix, the text is not padded. */
export function salt(text: string): Field {
  const input = [numberOfBytes(Buffer.from(text, "ascii"))];
  return fieldFromBytes(hashPairs(ZERO_STATE, bytesOfElements(input, 1), 1));
}

/** Elements count modulo the field; only canonical ones reach the module. */
function bytesOfElements(elements: readonly Field[], pairs: number): Uint8Array {
  const bytes = new Uint8Array(2 * pairs * FIELD_BYTES);
  for (const [at, element] of elements.entries()) {
    bytes.set(fieldToBytes(canonical(element)), at * FIELD_BYTES);
  }
  return bytes;
}

function canonical(element: bigint): Field {
  const rest = element % FIELD_MODULUS;
  return rest < 0n ? rest + FIELD_MODULUS : rest;
}

function numberOfBytes(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(littleEndian).reverse().toString("hex")}`);
}
