// The numbers of threads and the windows of blocks of which no ledger hash may depend.

export interface ThreadsAndWindow {
  readonly threads: number;
  readonly windowBlocks: number;
}

/** One thread follows the ledger, and hashes without help. */
export const THREADS_AND_WINDOWS: readonly ThreadsAndWindow[] = [1, 2, 3, 5].flatMap((threads) =>
  [1, 2, 7, 256].map((windowBlocks) => ({ threads, windowBlocks })),
);
