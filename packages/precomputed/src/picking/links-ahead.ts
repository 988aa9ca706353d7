// Reads the links of blocks below the one that a walk stands at, before the walk asks for them.
//
// A parent's hash is known only from its child, but names claim heights: so all blocks that claim one
// of the next heights are read, and those that turn out to stand beside the chain are dropped.

import type { StateHash } from "@forklift/chain";
import type { BlockSources } from "../block-sources.ts";
import type { BlockLink } from "../links/block-link.ts";
import type { ChainPlaces } from "../links/chain-places.ts";
import type { BlockId } from "../verify/block-source.ts";
import { LinksWithoutHeight } from "./links-without-height.ts";

/** Links that are read or wait, some 500 bytes each: enough to hide a bucket's round trips. */
const LINKS_AHEAD_MAX = 256;

/** Heights that are looked at ahead; where names are rare, most of them hold nothing. */
const HEIGHTS_AHEAD_MAX = 1024n;

/** What picking a chain has read. Plain data; its field names stand in reports. */
export interface PickStatistics {
  /** Blocks whose links were read, those of the chain among them. */
  readonly read: number;
  /** Of them those that stand beside the chain. */
  readonly unused: number;
}

type Ahead = Map<StateHash, Promise<BlockLink | null>>;

export class LinksAhead {
  readonly #sources: BlockSources;
  readonly #places: ChainPlaces;
  readonly #floor: bigint;
  readonly #withoutHeight: LinksWithoutHeight;
  readonly #byHeight = new Map<bigint, Ahead>();
  /** The highest that was not looked at yet. */
  #next: bigint;
  #waiting = 0;
  #read = 0;
  #unused = 0;

  /** @param below the floor and the height that the walk begins at; neither of them is read ahead. */
  constructor(sources: BlockSources, places: ChainPlaces, below: { floor: bigint; top: bigint }) {
    this.#sources = sources;
    this.#places = places;
    this.#withoutHeight = new LinksWithoutHeight(sources, places);
    this.#floor = below.floor;
    this.#next = below.top - 1n;
  }

  /**
   * The link of the next block of the walk, one height below the last.
   * @throws as `fetch` of the sources does.
   */
  async take(id: BlockId): Promise<BlockLink> {
    this.#readAhead(id.height);
    const here: Ahead = this.#byHeight.get(id.height) ?? new Map();
    this.#byHeight.delete(id.height);
    this.#waiting -= here.size;
    const found = here.get(id.stateHash);
    this.#unused += here.size - (found === undefined ? 0 : 1);
    const ahead = found ?? this.#withoutHeight.take(id.stateHash);
    if (ahead === null) this.#read++;
    const link = await ahead;
    return link?.height === id.height ? link : await this.#sources.fetchLink(id);
  }

  /** Waits for what is under way, which nobody asks for any more. */
  async end(): Promise<void> {
    const left = [...this.#byHeight.values()].flatMap((here) => [...here.values()]);
    this.#unused += left.length;
    this.#byHeight.clear();
    await Promise.allSettled(left);
    this.#unused += await this.#withoutHeight.end();
  }

  statistics(): PickStatistics {
    return { read: this.#read + this.#withoutHeight.begun, unused: this.#unused };
  }

  #readAhead(height: bigint): void {
    const lowest = height - HEIGHTS_AHEAD_MAX;
    while (this.#next > this.#floor && this.#next > lowest) {
      if (this.#waiting >= LINKS_AHEAD_MAX) return;
      const candidates = this.#places.candidates(this.#next);
      if (candidates.length > 0) this.#byHeight.set(this.#next, this.#begin(candidates));
      this.#next--;
    }
  }

  #begin(candidates: readonly StateHash[]): Ahead {
    const height = this.#next;
    this.#waiting += candidates.length;
    this.#read += candidates.length;
    return new Map(
      candidates.map((stateHash) => {
        const link = this.#sources.findLink({ height, stateHash });
        // Thrown at whoever takes it.
        link.catch(() => undefined);
        return [stateHash, link];
      }),
    );
  }
}
