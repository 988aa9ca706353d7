// The worker thread of `hash-pool.ts`: hashes pieces of jobs for as long as it lives.

import assert from "node:assert/strict";
import { workerData } from "node:worker_threads";
import { hashHere } from "../poseidon/hash-inputs.ts";
import { PoolMemory } from "./pool-memory.ts";

assert(workerData instanceof SharedArrayBuffer, "this file is the beginning of a worker thread");
const memory = new PoolMemory(workerData);

for (;;) {
  memory.waitForJob();
  for (let piece = memory.claim(); piece !== null; piece = memory.claim()) {
    try {
      memory.finish(piece, hashHere(piece.hash, piece.prefix, piece.inputs, piece.pairs));
    } catch {
      // The owner of the pool is told, and hashing is what it would have reported, too.
      memory.finish(piece, null);
    }
  }
}
