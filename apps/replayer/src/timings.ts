// Where the time of a replay goes, as this thread sees it.

import { type LedgerTree, permutationsDone } from "@forklift/ledger";

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
  figures({ permutationsElsewhere }: Pick<LedgerTree, "permutationsElsewhere">) {
    const { starting, reading, hashing, writing, checkpoints } = this.#ms;
    return {
      blocks: this.#blocks,
      commands: this.#commands,
      permutations: permutationsDone() - this.#permutationsBefore + permutationsElsewhere,
      startingMs: Math.round(starting),
      replayingMs: Math.round(this.#now() - this.#startedMs),
      readingMs: Math.round(reading),
      hashingMs: Math.round(hashing),
      writingMs: Math.round(writing),
      checkpointsMs: Math.round(checkpoints),
    };
  }
}
