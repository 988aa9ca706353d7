// Mina's hashes over bytes: a Poseidon that starts from the state of a named prefix.

import { PAIR_BYTES } from "./memory-layout.ts";
import type { PoseidonParameters } from "./parameters.ts";
import { PoseidonModule, type StartState, ZERO_STATE } from "./poseidon-module.ts";

/** The protocol pads every hash prefix to this many bytes, with asterisks. */
const PREFIX_BYTES = 20;

export class PrefixedHash {
  readonly #parameters: PoseidonParameters;
  /** Assembled at the first hash: the work of tens of milliseconds. */
  #module: PoseidonModule | undefined;
  /** Prefixes are words of the protocol, some sixty in all, so this map stays that small. */
  readonly #startStates = new Map<string, StartState>();

  constructor(parameters: PoseidonParameters) {
    this.#parameters = parameters;
  }

  /** How many permutations have been done: what hashing costs, whatever it takes. */
  get permutations(): number {
    return this.#module?.permutations ?? 0;
  }

  /**
   * Hashes each of the inputs under a prefix. An input is `pairs` pairs of field elements of 32
   * canonical bytes, an odd last one followed by zero; the hashes come in the order of the inputs.
   * @throws RangeError for a prefix above 20 bytes.
   */
  hash(prefix: string, inputs: Uint8Array, pairs: number): Uint8Array {
    this.#module ??= new PoseidonModule(this.#parameters);
    let start = this.#startStates.get(prefix);
    if (start === undefined) {
      const pair = new Uint8Array(PAIR_BYTES);
      pair.set(bytesOfPrefix(prefix));
      start = this.#module.stateAfter(pair);
      this.#startStates.set(prefix, start);
    }
    return this.#module.hashPairs(start, inputs, pairs);
  }

  /** A constant of the protocol named by a text. Unlike a prefix, the text is not padded. */
  salt(text: string): Uint8Array {
    this.#module ??= new PoseidonModule(this.#parameters);
    const pair = new Uint8Array(PAIR_BYTES);
    pair.set(Buffer.from(text, "ascii"));
    return this.#module.hashPairs(ZERO_STATE, pair, 1);
  }
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
