// The links of blocks whose files' names have no height, as those of mainnet's bucket below height 25,705:
// nothing says which of them come next, so once a walk has come to them, all are read.

import type { StateHash } from "@forklift/chain";
import type { BlockSources } from "../block-sources.ts";
import type { BlockLink } from "../links/block-link.ts";
import type { ChainPlaces } from "../links/chain-places.ts";

/** Links, some 500 bytes each, that wait until the walk ends. Beyond them the walk asks one by one. */
const LINKS_MAX = 100_000;

export class LinksWithoutHeight {
  readonly #sources: BlockSources;
  readonly #places: ChainPlaces;
  /** Null before the second block that the walk comes to. */
  #links: Map<StateHash, Promise<BlockLink | null>> | null = null;
  #isFirst = true;
  #begun = 0;

  constructor(sources: BlockSources, places: ChainPlaces) {
    this.#sources = sources;
    this.#places = places;
  }

  /** How many links were read. */
  get begun(): number {
    return this.#begun;
  }

  /**
   * Null for a block that is to be asked for by itself. So is the first: a source that is asked by name
   * knows after that what its names are like.
   */
  take(stateHash: StateHash): Promise<BlockLink | null> | null {
    if (!this.#places.isWithoutHeight(stateHash)) return null;
    if (this.#isFirst) {
      this.#isFirst = false;
      return null;
    }
    this.#links ??= this.#beginAll();
    const link = this.#links.get(stateHash) ?? null;
    this.#links.delete(stateHash);
    return link;
  }

  /** Waits for what is under way. @returns how many nobody has taken. */
  async end(): Promise<number> {
    const left = [...(this.#links?.values() ?? [])];
    this.#links?.clear();
    await Promise.allSettled(left);
    return left.length;
  }

  #beginAll() {
    const hashes = this.#places.withoutHeight().slice(0, LINKS_MAX);
    this.#begun = hashes.length;
    return new Map(
      hashes.map((stateHash) => {
        const link = this.#sources.findLink({ height: null, stateHash });
        // Thrown at whoever takes it.
        link.catch(() => undefined);
        return [stateHash, link] as const;
      }),
    );
  }
}
