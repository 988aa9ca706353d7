// An assembled Poseidon module and the memory through which it is spoken to.

import { FIELD_BYTES } from "@forklift/chain";
import { instantiate } from "../wasm/instantiate.ts";
import { ADDRESS, INPUT_BYTES, PAIR_BYTES, STATE_BYTES } from "./memory-layout.ts";
import type { PoseidonParameters } from "./parameters.ts";
import { assemblePoseidon } from "./permutation-code.ts";

/** What a module exports; see `permutation-code.ts`. */
export interface PoseidonExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly hash: (pairs: number, input: number, output: number) => void;
  readonly hashTwo: (pairs: number, couples: number, input: number, output: number) => void;
  readonly power: (element: number) => void;
  readonly powerOfBoth: (element: number) => void;
  readonly squeeze: (state: number, output: number) => void;
}

/** A sponge as a module keeps it: opaque, and only good to start hashes of that module from. */
export type StartState = Uint8Array;

/** The sponge that has absorbed nothing. */
export const ZERO_STATE: StartState = new Uint8Array(STATE_BYTES);

export class PoseidonModule {
  readonly exports: PoseidonExports;
  /** The memory never grows, so the view stays good. */
  readonly memory: Uint8Array;
  #permutations = 0;

  constructor(parameters: PoseidonParameters) {
    this.exports = instantiate<PoseidonExports>(assemblePoseidon(parameters));
    this.memory = new Uint8Array(this.exports.memory.buffer);
  }

  /** How many permutations this module has done: what hashing costs, whatever it takes. */
  get permutations(): number {
    return this.#permutations;
  }

  /**
   * Hashes inputs of equal length, one after the other in `inputs`: field elements of 32 canonical
   * little-endian bytes, `pairs` pairs of them each. Gives the hashes one after the other, likewise.
   * Two inputs take a good deal less than twice the time of one.
   * @throws RangeError for inputs of no pair, of too many, or truncated.
   */
  hashPairs(start: StartState, inputs: Uint8Array, pairs: number): Uint8Array {
    const inputBytes = pairs * PAIR_BYTES;
    const count = inputs.length / inputBytes;
    if (inputBytes === 0 || inputBytes > INPUT_BYTES || !Number.isInteger(count)) {
      throw new RangeError(`${inputs.length} bytes are not inputs of ${pairs} pairs to hash`);
    }
    const { memory } = this;
    const hashes = new Uint8Array(count * FIELD_BYTES);
    const batchMax = Math.floor(INPUT_BYTES / inputBytes);
    memory.set(start, ADDRESS.startState);
    for (let done = 0; done < count; done += batchMax) {
      const batch = Math.min(batchMax, count - done);
      const end = done + batch;
      memory.set(inputs.subarray(done * inputBytes, end * inputBytes), ADDRESS.input);
      this.#hashBatch(pairs, batch);
      const outputEnd = ADDRESS.output + batch * FIELD_BYTES;
      hashes.set(memory.subarray(ADDRESS.output, outputEnd), done * FIELD_BYTES);
    }
    this.#permutations += count * pairs;
    return hashes;
  }

  /** The sponge after it has absorbed a pair, to start hashes from. */
  stateAfter(pair: Uint8Array): StartState {
    this.hashPairs(ZERO_STATE, pair, 1);
    return this.memory.slice(ADDRESS.state, ADDRESS.state + STATE_BYTES);
  }

  #hashBatch(pairs: number, count: number): void {
    const couples = Math.floor(count / 2);
    if (couples > 0) this.exports.hashTwo(pairs, couples, ADDRESS.input, ADDRESS.output);
    if (2 * couples === count) return;
    const last = count - 1;
    this.exports.hash(
      pairs,
      ADDRESS.input + last * pairs * PAIR_BYTES,
      ADDRESS.output + last * FIELD_BYTES,
    );
  }
}
