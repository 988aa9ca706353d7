// Verifies blocks without holding up the thread that fetches them and talks to the databases.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { FormatError, type StateHash } from "@forklift/chain";
import type { BlockId } from "./block-source.ts";
import { CutBlockError } from "./refusal.ts";
import { type BlockContent, verifyBlock } from "./verify-block.ts";
import type { VerifyAnswer, VerifyTask } from "./verify-worker.ts";

export interface BlockVerifier extends AsyncDisposable {
  /** As the function of that name. There is no queue of its own: who waits, holds the bytes. */
  verifyBlock(bytes: Uint8Array, id: BlockId, expectedParent?: StateHash): Promise<BlockContent>;
}

/** Blocks verified here before threads are started, which takes as long as some two hundred. */
const BLOCKS_IN_PROCESS = 200;

/** The main thread, PostgreSQL and the network want their share of the machine. */
const WORKERS_MAX = 4;

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../dist/verify-worker.js" : "./verify-worker.js",
  import.meta.url,
);

interface Waiting {
  resolve(content: BlockContent): void;
  reject(error: unknown): void;
}

export interface VerifierOptions {
  readonly workers?: number;
  readonly blocksInProcess?: number;
}

export function openBlockVerifier(options: VerifierOptions = {}): BlockVerifier {
  const { workers: workerCount = defaultWorkers(), blocksInProcess = BLOCKS_IN_PROCESS } = options;
  const workers: VerifyThread[] = [];
  let blocks = 0;
  let isClosed = false;
  return {
    async verifyBlock(bytes, id, expectedParent) {
      // Blocks that were on their way when a run was stopped: no thread is started for them, which
      // nobody would end.
      if (isClosed) throw new Error("the verifier of blocks is closed");
      if (blocks++ < blocksInProcess || workerCount === 0) {
        return verifyBlock(bytes, id, expectedParent);
      }
      while (workers.length < workerCount) workers.push(new VerifyThread());
      const idlest = workers.reduce((best, other) => (other.load < best.load ? other : best));
      return await idlest.verifyBlock(bytes, id, expectedParent);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
    },
  };
}

function defaultWorkers(): number {
  return Math.min(availableParallelism(), WORKERS_MAX);
}

class VerifyThread {
  readonly #worker = new Worker(WORKER_FILE);
  readonly #waiting = new Map<number, Waiting>();
  #taskCount = 0;
  #end: unknown;

  constructor() {
    // It keeps the process alive only while somebody waits for it.
    this.#worker.unref();
    this.#worker.on("message", (answers: readonly VerifyAnswer[]) => {
      for (const answer of answers) this.#receive(answer);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("a thread that verifies blocks has ended")));
  }

  /** Blocks waiting for it. */
  get load(): number {
    return this.#waiting.size;
  }

  verifyBlock(bytes: Uint8Array, id: BlockId, expectedParent?: StateHash): Promise<BlockContent> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const number = this.#taskCount++;
    const { height, stateHash } = id;
    const task: VerifyTask = { number, bytes, id: { height, stateHash }, expectedParent };
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(number, { resolve, reject });
      // Copied, not handed over: the bytes may go into the cache, or lie in memory that others use.
      this.#worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive(answer: VerifyAnswer): void {
    // An error may overtake the answers before it; whoever waited for them was told the error.
    if (this.#end !== undefined) return;
    const { resolve, reject } = this.#waiting.get(answer.number)!;
    this.#waiting.delete(answer.number);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("content" in answer) resolve(answer.content);
    else reject(answer.isCut ? new CutBlockError(answer.refused) : new FormatError(answer.refused));
  }

  /** Whatever ends a worker is our bug: a bad block is an answer. */
  #fail(error: unknown): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
