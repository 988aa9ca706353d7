// The hash of protocol 1.x over bytes: many inputs of one form hashed in one call.

import { PAIR_BYTES } from "./poseidon/memory-layout.ts";
import { hashPairs, type StartState, stateAfter } from "./poseidon/poseidon-module.ts";

/** The protocol pads every hash prefix to this many bytes, with asterisks. */
const PREFIX_BYTES = 20;

/** Prefixes are words of the protocol, some thirty in all, so this map stays that small. */
const startStates = new Map<string, StartState>();

/**
 * Hashes each of the inputs under a prefix. An input is `pairs` pairs of field elements of 32
 * canonical bytes, an odd last one followed by zero; the hashes come in the order of the inputs.
 * @throws RangeError for a prefix above 20 bytes.
 */
export function hashInputs(prefix: string, inputs: Uint8Array, pairs: number): Uint8Array {
  let start = startStates.get(prefix);
  if (start === undefined) {
    const pair = new Uint8Array(PAIR_BYTES);
    pair.set(bytesOfPrefix(prefix));
    start = stateAfter(pair);
    startStates.set(prefix, start);
  }
  return hashPairs(start, inputs, pairs);
}

/** The pairs that so many elements take. Even no element takes one. */
export function pairsFor(elementCount: number): number {
  return Math.max(1, Math.ceil(elementCount / 2));
}

/** The padded prefix, which as a little-endian number is the first element that is absorbed. */
export function bytesOfPrefix(prefix: string): Uint8Array {
  if (prefix.length > PREFIX_BYTES) {
    throw new RangeError(`hash prefix ${prefix} is longer than ${PREFIX_BYTES} bytes`);
  }
  return Buffer.from(prefix.padEnd(PREFIX_BYTES, "*"), "ascii");
}
