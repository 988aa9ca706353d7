// A pool of threads that hash beside the thread which owns it, by shared memory: thousands of hashes
// are shared out and waited for without an event loop taking part.

import { Worker } from "node:worker_threads";
import { type HashMany, hashHere } from "../poseidon/hash-inputs.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { THREAD_MEMORY } from "../threads/thread-memory.ts";
import { PoolMemory } from "./pool-memory.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/tree/pool-worker.js" : "./pool-worker.js",
  import.meta.url,
);

/** Even, since two are hashed in little more than the time of one; 0.2 to 0.8 milliseconds. */
const PIECE_PAIRS = 16;

/** Below, the others would be awake when this thread is done. */
const SHARED_PAIRS_MIN = 2 * PIECE_PAIRS;

/** A piece takes a millisecond, and a machine may be busy; beyond that a thread has ended. */
const PATIENCE_MS = 60_000;

export class HashPool implements Disposable {
  readonly #memory = new PoolMemory();
  readonly #workers: readonly Worker[];
  #permutationsElsewhere = 0;

  /** @param helpers threads beside the caller's; none makes a pool that hashes in place. */
  constructor(helpers: number) {
    this.#workers = Array.from(
      { length: helpers },
      () =>
        new Worker(WORKER_FILE, {
          workerData: this.#memory.buffer,
          resourceLimits: THREAD_MEMORY,
        }),
    );
    // They wait for work, and are no reason for the process to live.
    for (const worker of this.#workers) worker.unref();
  }

  /** Done by the other threads. */
  get permutationsElsewhere(): number {
    return this.#permutationsElsewhere;
  }

  /** The caller's thread takes part, and is blocked until all is done. At most 4,096 inputs. */
  readonly hash: HashMany = (hash, prefix, inputs, pairs) => {
    const allPairs = inputs.length / PAIR_BYTES;
    if (this.#workers.length === 0 || allPairs < SHARED_PAIRS_MIN) {
      return hashHere(hash, prefix, inputs, pairs);
    }
    this.#memory.begin({ hash, prefix, inputs, pairs }, Math.max(2, PIECE_PAIRS / pairs));
    let own = 0;
    for (let piece = this.#memory.claim(); piece !== null; piece = this.#memory.claim()) {
      this.#memory.finish(piece, hashHere(hash, prefix, piece.inputs, pairs));
      own += piece.inputs.length / PAIR_BYTES;
    }
    this.#permutationsElsewhere += allPairs - own;
    return this.#memory.waitForHashes(PATIENCE_MS);
  };

  /** The threads end with the process of their own accord; this ends them before. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) void worker.terminate();
  }
}
