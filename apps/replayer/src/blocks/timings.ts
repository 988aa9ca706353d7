// Measures the time of a replay by its parts, on the main thread.

import { permutationsDone } from "@forklift/ledger";

/** What hashes on other threads, where `permutationsDone` does not see it. */
interface HashesElsewhere {
  readonly permutationsElsewhere: number;
}

/** Pieces of work that are timed; what is left of the whole is the applying of commands. */
export type Work = "starting" | "reading" | "hashing" | "writing" | "checkpoints";

export class Timings {
  readonly #now: () => number;
  readonly #ms = { starting: 0, reading: 0, hashing: 0, writing: 0, checkpoints: 0 };
  #permutationsBefore = 0;
  #startedMs = 0;
  #blocks = 0;
  #commands = 0;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  readonly timed = async <Result>(work: Work, run: () => Promise<Result>): Promise<Result> => {
    const startedMs = this.#now();
    try {
      return await run();
    } finally {
      this.#ms[work] += this.#now() - startedMs;
    }
  };

  /** When the ledger to start from is there. */
  begin(): void {
    this.#startedMs = this.#now();
    this.#permutationsBefore = permutationsDone();
  }

  count({ blockCount, commandCount }: { blockCount: number; commandCount: number }): void {
    this.#blocks += blockCount;
    this.#commands += commandCount;
  }

  /** Waiting for blocks or hashes counts as reading and hashing; `replayingMs` is the whole. */
  figures(others: readonly (HashesElsewhere | null)[]) {
    const { starting, reading, hashing, writing, checkpoints } = this.#ms;
    const elsewhere = others.reduce((sum, other) => sum + (other?.permutationsElsewhere ?? 0), 0);
    return {
      blocks: this.#blocks,
      commands: this.#commands,
      permutations: permutationsDone() - this.#permutationsBefore + elsewhere,
      startingMs: Math.round(starting),
      replayingMs: Math.round(this.#now() - this.#startedMs),
      readingMs: Math.round(reading),
      hashingMs: Math.round(hashing),
      writingMs: Math.round(writing),
      checkpointsMs: Math.round(checkpoints),
    };
  }
}
