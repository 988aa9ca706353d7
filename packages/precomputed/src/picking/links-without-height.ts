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
  #comeTo = 0;
  #found = 0;
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
   * Proven; null for a block that is to be asked for by itself. So is the first: a source that is asked by name
   * knows after that what its names are like.
   */
  async find(stateHash: StateHash): Promise<BlockLink | null> {
    if (!this.#places.isWithoutHeight(stateHash)) return null;
    const isFirst = this.#comeTo === 0;
    this.#comeTo++;
    if (isFirst) return null;
    this.#links ??= this.#beginAll();
    const link = this.#links.get(stateHash);
    if (link !== undefined) this.#found++;
    return (await link) ?? null;
  }

  /** Waits for what is under way. @returns how many nobody has asked for. */
  async end(): Promise<number> {
    const links = this.#links;
    if (links === null) return 0;
    await Promise.allSettled(links.values());
    return links.size - this.#found;
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
