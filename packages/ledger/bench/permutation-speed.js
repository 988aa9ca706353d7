// The time of one permutation on one thread, as a ledger hashes: many nodes in one call, two at a
// time.

import { FIELD_BYTES } from "@forklift/chain";
import { legacyHash } from "../dist/poseidon/hash-inputs.js";

const PERMUTATIONS = 256;

const ROUNDS = 200;

/** How many one measurement does. */
export const PERMUTATIONS_TIMED = ROUNDS * PERMUTATIONS;

/** Microseconds, the median of the rounds: what it takes on this machine as busy as it is now. */
export function permutationUs() {
  const pairs = new Uint8Array(PERMUTATIONS * 2 * FIELD_BYTES).fill(7);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    legacyHash.hash("CodaMklTree000", pairs, 1);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return (1000 * rounds[ROUNDS / 2]) / PERMUTATIONS;
}
