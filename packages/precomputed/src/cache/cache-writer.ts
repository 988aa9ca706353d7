// Writes block files into the cache; a failure to write is a warning and does not stop the run.

import { ForkliftError } from "@forklift/pipeline";
import type { BlockId } from "../verify/block-source.ts";
import type { BlockCache } from "./block-cache.ts";

/**
 * A cache that cannot be written costs a later run time. This run loses no block by it, and
 * its source is not at fault.
 */
export class CacheWriter {
  readonly #cache: BlockCache;
  readonly #warn: (message: string) => void;
  #failure: ForkliftError | null = null;

  constructor(cache: BlockCache, warn: (message: string) => void) {
    this.#cache = cache;
    this.#warn = warn;
  }

  async keep(id: BlockId, bytes: Uint8Array): Promise<void> {
    if (this.#failure === null) await this.#attempt(() => this.#cache.keep(id, bytes));
  }

  async discard(id: BlockId): Promise<void> {
    await this.#attempt(() => this.#cache.discard(id));
  }

  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ForkliftError)) throw error;
      if (this.#failure !== null) return;
      this.#failure = error;
      this.#warn(`this run keeps no more blocks in ${this.#cache.url}: ${error.message}`);
    }
  }
}
