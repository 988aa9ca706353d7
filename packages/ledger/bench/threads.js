// Many independent permutations, shared out among threads: what hashing a whole ledger takes.

import { availableParallelism } from "node:os";
import { FIELD_BYTES } from "@forklift/chain";
import { HashThreads } from "../dist/hash-threads.js";

const TASKS_A_THREAD = 4;

const PERMUTATIONS_A_TASK = 1024;

/** Microseconds a permutation with every core at work, the fastest of the rounds. */
export async function onThreads(rounds) {
  const count = availableParallelism();
  const threads = new HashThreads(count);
  const tasks = count * TASKS_A_THREAD;
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await Promise.all(Array.from({ length: tasks }, () => hashOne(threads)));
    fastest = Math.min(fastest, performance.now() - start);
  }
  await threads[Symbol.asyncDispose]();
  return { count, us: (1000 * fastest) / (tasks * PERMUTATIONS_A_TASK) };
}

function hashOne(threads) {
  const inputs = new Uint8Array(PERMUTATIONS_A_TASK * 2 * FIELD_BYTES).fill(1);
  return threads.hash("legacy", "CodaMklTree000", inputs, 1);
}
