// Hashing on several threads: for whole ledgers, which are many independent hashes at once. A block's
// few dozen are done before a thread would have answered.

import { Worker } from "node:worker_threads";
import type { HashName } from "./hash-inputs.ts";
import type { HashAnswer, HashTask } from "./hash-worker.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../dist/hash-worker.js" : "./hash-worker.js",
  import.meta.url,
);

export class HashThreads implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  #tasks = 0;
  #end: Error | undefined;

  /** @param count threads, as a rule one for each core. */
  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(WORKER_FILE));
    for (const worker of this.#workers) {
      worker.on("message", ({ number, hashes }: HashAnswer) => this.#answered(number, hashes));
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", () => this.#fail(new Error("a thread that hashes has ended")));
    }
  }

  get count(): number {
    return this.#workers.length;
  }

  /** As `PrefixedHash.hash`. The inputs are handed over: the caller has them no longer. */
  async hash(
    hash: HashName,
    prefix: string,
    inputs: Uint8Array<ArrayBuffer>,
    pairs: number,
  ): Promise<Uint8Array> {
    if (this.#end !== undefined) throw this.#end;
    const number = this.#tasks++;
    const answer = promiseWithResolvers<Uint8Array>();
    this.#waiting.set(number, answer);
    const task: HashTask = { number, hash, prefix, inputs, pairs };
    this.#workers[number % this.count]!.postMessage(task, [inputs.buffer]);
    return await answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #answered(number: number, hashes: Uint8Array): void {
    // Another thread has failed meanwhile, which whoever waited was told.
    if (this.#end !== undefined) return;
    this.#waiting.get(number)!.resolve(hashes);
    this.#waiting.delete(number);
  }

  /** Whatever ends a thread is our bug, or our own end. */
  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function promiseWithResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
