// Verifies blocks without holding up the thread that fetches them and talks to the databases.

import { availableParallelism } from "node:os";
import { FormatError, type StateHash } from "@forklift/chain";
import { AnsweringThread } from "@forklift/ledger";
import { TruncatedBlockError } from "./truncated-block-error.ts";
import {
  type BlockContent,
  type NamedBlock,
  secondLook,
  shortened,
  type TextClaim,
  verifyBlock,
} from "./verify-block.ts";
import type { Verdict, VerifyTask } from "./verify-worker.ts";

export interface BlockVerifier extends AsyncDisposable {
  /** As the function of that name. There is no queue of its own: who waits, holds the bytes. */
  verifyBlock(bytes: Uint8Array, id: NamedBlock, expectedParent?: StateHash): Promise<BlockContent>;
}

/** Blocks verified here before threads are started, which takes as long as some two hundred. */
const BLOCKS_IN_PROCESS = 200;

/** As so many of them counts one whose signatures are checked. */
const BLOCKS_PER_CHECKED = 20;

/** The main thread, PostgreSQL and the network want their share of the machine. */
const WORKERS_MAX = 4;

/**
 * Sent to a thread together: states are hashed two by two, and a message takes time on both sides. Beyond
 * a few, an answer would only come later.
 */
const BLOCKS_AT_ONCE = 4;

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/verify/verify-worker.js" : "./verify-worker.js",
  import.meta.url,
);

interface Waiting {
  readonly claim: TextClaim;
  resolve(verdict: Verdict): void;
  reject(error: unknown): void;
}

export interface VerifierOptions {
  readonly workers?: number;
  readonly blocksInProcess?: number;
}

export function openBlockVerifier(options: VerifierOptions = {}): BlockVerifier {
  const { workers = defaultWorkers(), blocksInProcess = BLOCKS_IN_PROCESS } = options;
  let threads: VerifyThreads | undefined;
  let blocks = 0;
  let isClosed = false;
  return {
    async verifyBlock(bytes, id, expectedParent) {
      // Blocks that were on their way when a run was stopped: no thread is started for them, which
      // nobody would end.
      if (isClosed) throw new Error("the verifier of blocks is closed");
      const { height, stateHash, checksSignatures, keepsBalances } = id;
      const areFew = blocks < blocksInProcess;
      blocks += checksSignatures === undefined ? 1 : BLOCKS_PER_CHECKED;
      if (areFew || workers === 0) return verifyBlock(bytes, id, expectedParent);
      threads ??= new VerifyThreads(workers);
      const claim = {
        bytes,
        id: { height, stateHash, checksSignatures, keepsBalances },
        expectedParent,
      };
      let verdict = await threads.verify(shortened(claim));
      const again = "content" in verdict ? null : secondLook(claim);
      if (again !== null) verdict = await threads.verify(again);
      if ("content" in verdict) return verdict.content;
      throw new (verdict.isCut ? TruncatedBlockError : FormatError)(verdict.refused);
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await threads?.[Symbol.asyncDispose]();
    },
  };
}

function defaultWorkers(): number {
  return Math.min(availableParallelism(), WORKERS_MAX);
}

interface Thread {
  readonly thread: AnsweringThread<VerifyTask, readonly Verdict[]>;
  /** Blocks waiting for it. */
  load: number;
}

class VerifyThreads implements AsyncDisposable {
  readonly #threads: readonly Thread[];
  /** Fewer than are sent at once. */
  #gathered: Waiting[] = [];

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => ({
      thread: new AnsweringThread(WORKER_FILE, "a thread that verifies blocks"),
      load: 0,
    }));
  }

  verify(claim: TextClaim): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      this.#gathered.push({ claim, resolve, reject });
      if (this.#gathered.length === BLOCKS_AT_ONCE) this.#send();
      // What came in together with the first; nobody waits for a block that may never come.
      else if (this.#gathered.length === 1) setImmediate(() => this.#send());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#send();
    await Promise.all(this.#threads.map(({ thread }) => thread[Symbol.asyncDispose]()));
  }

  #send(): void {
    const blocks = this.#gathered;
    if (blocks.length === 0) return;
    this.#gathered = [];
    void this.#ask(blocks);
  }

  async #ask(blocks: readonly Waiting[]): Promise<void> {
    const idlest = this.#threads.reduce((best, other) => (other.load < best.load ? other : best));
    idlest.load += blocks.length;
    try {
      const verdicts = await idlest.thread.ask(blocks.map(({ claim }) => claim));
      for (const [at, { resolve }] of blocks.entries()) resolve(verdicts[at]!);
    } catch (error) {
      for (const { reject } of blocks) reject(error);
    } finally {
      idlest.load -= blocks.length;
    }
  }
}
