// Reads the links of blocks from the beginnings of their files, proven by their state hash.

import type { StateHash } from "@forklift/chain";
import pLimit from "p-limit";
import type { CircuitBreaker } from "../circuit-breaker.ts";
import type { SourceTally } from "../source-tally.ts";
import type { BlockId, BlockSource } from "../verify/block-source.ts";
import { refusalKind } from "../verify/refusal.ts";
import { type BlockLink, HEAD_BYTES, linkOf, readState, stateTextIn } from "./block-link.ts";
import { StateHashes } from "./state-hashes.ts";

/** Hides the round trips to a bucket; each takes no more than the beginning of a file. */
const READS_MAX = 48;

/** Whole files in memory at a time, where a beginning was not enough. */
const WHOLE_FILES_MAX = 4;

/** The block, with its height if that is known. */
export interface LinkId {
  readonly height: bigint | null;
  readonly stateHash: StateHash;
}

export interface LinkPlace {
  readonly source: BlockSource;
  readonly tally: SourceTally;
  readonly breaker: CircuitBreaker;
}

export class LinkReader {
  readonly #places: readonly LinkPlace[];
  readonly #hashes = new StateHashes();
  readonly #oneOfMany = pLimit(READS_MAX);
  readonly #oneOfFew = pLimit(WHOLE_FILES_MAX);

  /** @param places in the order in which they are queried. */
  constructor(places: readonly LinkPlace[]) {
    this.#places = places;
  }

  /**
   * The text of the protocol state in the first file that bears one of the block's usual names. Nothing is known of it:
   * who hashes it asks on with `read` where it is not the block's. Null where no place has such a file.
   */
  async claim(id: BlockId): Promise<string | null> {
    for (const place of this.#places) {
      const text = await this.#textAt(place, id);
      if (text !== null) return text;
    }
    return null;
  }

  /** From the first place whose file is right, looked for by its usual names; null where none is. */
  async read({ height, stateHash }: LinkId): Promise<BlockLink | null> {
    // Where the height is not known, of all names that are tried those without one can fit.
    const id = { height: height ?? 0n, stateHash };
    for (const place of this.#places) {
      const text = await this.#textAt(place, id);
      const state = text === null ? null : readState(text);
      if (state === null || (await this.#hashes.of(state)) !== stateHash) continue;
      const link = linkOf(state, stateHash);
      if (height === null || link.height === height) return link;
    }
    return null;
  }

  /** Null whatever is wrong: who needs the block asks for the whole file, and is told. */
  async #textAt({ source, tally, breaker }: LinkPlace, id: BlockId): Promise<string | null> {
    const read = (headBytes?: number) =>
      breaker.watch(() => tally.reading(() => source.find(id, headBytes)));
    try {
      const head = await this.#oneOfMany(() => read(HEAD_BYTES));
      if (head === null) return null;
      const text = stateTextIn(head);
      if (text !== null) return text;
      return await this.#oneOfFew(async () => {
        const whole = await read();
        return whole === null ? null : stateTextIn(whole);
      });
    } catch (error) {
      if (refusalKind(error) === null) throw error;
      return null;
    }
  }
}
