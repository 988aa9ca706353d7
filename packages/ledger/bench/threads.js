// Many independent permutations, shared out among threads: what hashing a whole ledger takes.

import { availableParallelism } from "node:os";
import { FIELD_BYTES } from "@forklift/chain";
import { HashPool } from "../dist/tree/hash-pool.js";

/** As many as a pool takes in one call. */
const PERMUTATIONS = 4096;

/** Microseconds a permutation with every core at work, the fastest of the rounds. */
export function onThreads(rounds) {
  const count = availableParallelism();
  const pool = new HashPool(count - 1);
  const inputs = new Uint8Array(PERMUTATIONS * 2 * FIELD_BYTES).fill(1);
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    pool.hash("legacy", "CodaMklTree000", inputs, 1);
    fastest = Math.min(fastest, performance.now() - start);
  }
  pool[Symbol.dispose]();
  return { count, us: (1000 * fastest) / PERMUTATIONS };
}
