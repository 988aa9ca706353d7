// How long the cryptography of blocks takes on this machine, one operation after the other: what no
// check of the same blocks can do without.

import { blake2b } from "@noble/hashes/blake2.js";
import { LEGACY_PARAMETERS } from "../../ledger/dist/poseidon/legacy-parameters.js";
import { PoseidonModule, ZERO_STATE } from "../../ledger/dist/poseidon/poseidon-module.js";

const OPERATIONS_A_ROUND = 500;

/** Of a payment's text, which is what is digested. */
const COMMAND_TEXT_BYTES = 390;

/** A protocol state: 22 field elements and two prefixes that are hashed once for all. */
const PERMUTATIONS_A_BLOCK = 12;

/**
 * Measures now and again beside what it is held against, and takes the mean: a slow spell of the machine
 * hits both alike.
 */
export class CryptoSpeed {
  #rounds = 0;
  #permutationMs = 0;
  #digestMs = 0;

  measure() {
    this.#rounds++;
    this.#permutationMs += meanMs(permute);
    this.#digestMs += meanMs(digest);
  }

  /** What so many blocks with so many commands in all take. */
  seconds(blocks, commands) {
    const permutations = blocks * PERMUTATIONS_A_BLOCK;
    const ms = permutations * this.#permutationMs + commands * this.#digestMs;
    return ms / this.#rounds / 1000;
  }
}

const poseidon = new PoseidonModule(LEGACY_PARAMETERS);
const pair = Buffer.alloc(64, 1);

/** A block's permutations follow one another, so they are timed one at a time. */
function permute() {
  poseidon.hashPairs(ZERO_STATE, pair, 1);
}

const text = Buffer.alloc(COMMAND_TEXT_BYTES, "x");

/** A Blake2b of 256 bits, as transaction hashes are made. */
function digest() {
  blake2b(text, { dkLen: 32 });
}

function meanMs(operation) {
  const start = performance.now();
  for (let at = 0; at < OPERATIONS_A_ROUND; at++) operation();
  return (performance.now() - start) / OPERATIONS_A_ROUND;
}

// What the compiler has not yet come to is not the speed of the machine.
for (let round = 0; round < 6; round++) [permute, digest].forEach(meanMs);
