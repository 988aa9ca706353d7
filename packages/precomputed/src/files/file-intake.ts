// Bounds how many block files are read at a time, and how many bytes of them wait to be verified.
//
// Threads that verify blocks are kept busy by files that wait for them, also while the main thread
// writes a batch and cannot fetch the next. How many that takes depends on how small they are, and
// what they may take is memory: so they are counted in bytes.

import pLimit from "p-limit";

/** Enough to hide the round trips to a bucket. */
const READS_MAX = 16;

/** Above this nothing more is read; what is being read then, comes on top. */
const WAITING_BYTES_MAX = 8 * 2 ** 20;

export class FileIntake {
  readonly #oneOfFew = pLimit(READS_MAX);
  #waitingBytes = 0;
  #whenLess: (() => void)[] = [];

  /** Reads a file and uses it. Until then it counts among those that wait. */
  async take<Result>(
    read: () => Promise<Uint8Array | null>,
    use: (file: Uint8Array | null) => Promise<Result>,
  ): Promise<Result> {
    const file = await this.#oneOfFew(async () => {
      while (this.#waitingBytes > WAITING_BYTES_MAX) {
        await new Promise<void>((resolve) => this.#whenLess.push(resolve));
      }
      const bytes = await read();
      this.#waitingBytes += bytes?.length ?? 0;
      return bytes;
    });
    try {
      return await use(file);
    } finally {
      this.#waitingBytes -= file?.length ?? 0;
      for (const resolve of this.#whenLess.splice(0)) resolve();
    }
  }
}
