// How long the cryptography of blocks takes on this machine, one operation after the other: what no
// check of the same blocks can do without.

import { blake2b } from "@noble/hashes/blake2.js";
import { LEGACY_PARAMETERS } from "../../ledger/dist/poseidon/legacy-parameters.js";
import { PoseidonModule, ZERO_STATE } from "../../ledger/dist/poseidon/poseidon-module.js";

/** Whatever else the machine does can only slow a round down, so the fastest one counts. */
const ROUNDS = 12;

const OPERATIONS_A_ROUND = 1000;

/** Of a payment's text, which is what is digested. */
const COMMAND_TEXT_BYTES = 390;

/** A protocol state: 22 field elements and two prefixes that are hashed once for all. */
const PERMUTATIONS_A_BLOCK = 12;

export function cryptoSeconds(blocks, commands) {
  return (blocks * PERMUTATIONS_A_BLOCK * permutationMs() + commands * digestMs()) / 1000;
}

/** A block's permutations follow one another, so they are timed one at a time. */
function permutationMs() {
  const poseidon = new PoseidonModule(LEGACY_PARAMETERS);
  const pair = Buffer.alloc(64, 1);
  return fastestMs(() => poseidon.hashPairs(ZERO_STATE, pair, 1));
}

/** A Blake2b of 256 bits, as transaction hashes are made. */
function digestMs() {
  const text = Buffer.alloc(COMMAND_TEXT_BYTES, "x");
  return fastestMs(() => blake2b(text, { dkLen: 32 }));
}

function fastestMs(operation) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let at = 0; at < OPERATIONS_A_ROUND; at++) operation();
    best = Math.min(best, (performance.now() - start) / OPERATIONS_A_ROUND);
  }
  return best;
}
