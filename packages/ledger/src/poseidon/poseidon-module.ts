// The assembled Poseidon module and the memory through which it is spoken to.

import { FIELD_BYTES } from "@forklift/chain";
import { instantiate } from "../wasm/instantiate.ts";
import { ADDRESS, INPUT_BYTES, PAIR_BYTES, STATE_BYTES } from "./memory-layout.ts";
import { assemblePoseidon } from "./permutation-code.ts";

/** What the module exports; see `permutation-code.ts`. */
export interface PoseidonExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly hash: (pairs: number, count: number) => void;
  readonly fifthPower: (address: number) => void;
  readonly squeeze: (address: number) => void;
}

export const poseidon = instantiate<PoseidonExports>(assemblePoseidon());

/** The memory never grows, so the view stays good. */
export const poseidonMemory = new Uint8Array(poseidon.memory.buffer);

/** A sponge as the module keeps it: opaque, and only good to start hashes from. */
export type StartState = Uint8Array;

/** The sponge that has absorbed nothing. */
export const ZERO_STATE: StartState = new Uint8Array(STATE_BYTES);

/**
 * Hashes inputs of equal length, one after the other in `inputs`: field elements of 32 canonical
 * little-endian bytes, `pairs` pairs of them each. Gives the hashes one after the other, likewise.
 * @throws RangeError for inputs of no pair, of too many, or cut short.
 */
export function hashPairs(start: StartState, inputs: Uint8Array, pairs: number): Uint8Array {
  const inputBytes = pairs * PAIR_BYTES;
  const count = inputs.length / inputBytes;
  if (inputBytes === 0 || inputBytes > INPUT_BYTES || !Number.isInteger(count)) {
    throw new RangeError(`${inputs.length} bytes are not inputs of ${pairs} pairs to hash`);
  }
  const hashes = new Uint8Array(count * FIELD_BYTES);
  const batchMax = Math.floor(INPUT_BYTES / inputBytes);
  poseidonMemory.set(start, ADDRESS.startState);
  for (let done = 0; done < count; done += batchMax) {
    const batch = Math.min(batchMax, count - done);
    const end = done + batch;
    poseidonMemory.set(inputs.subarray(done * inputBytes, end * inputBytes), ADDRESS.input);
    poseidon.hash(pairs, batch);
    const outputEnd = ADDRESS.output + batch * FIELD_BYTES;
    hashes.set(poseidonMemory.subarray(ADDRESS.output, outputEnd), done * FIELD_BYTES);
  }
  return hashes;
}

/** The sponge after it has absorbed a pair, to start hashes from. */
export function stateAfter(pair: Uint8Array): StartState {
  hashPairs(ZERO_STATE, pair, 1);
  return poseidonMemory.slice(ADDRESS.state, ADDRESS.state + STATE_BYTES);
}
