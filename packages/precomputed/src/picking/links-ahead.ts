// Reads the links of blocks below the one that a walk stands at, before the walk asks for them.
//
// A parent's hash is known only from its child, but names claim heights: so all blocks that claim one
// of the next heights are read, and those that turn out to stand beside the chain are dropped.

import type { StateHash } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";
import type { BlockSources } from "../block-sources.ts";
import { type BlockLink, linkOf, readState } from "../links/block-link.ts";
import type { ChainPlaces } from "../links/chain-places.ts";
import type { BlockId } from "../verify/block-source.ts";
import { LinksWithoutHeight } from "./links-without-height.ts";

/** Texts that are read or wait, of 8 KiB each: enough to hide a bucket's round trips. */
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

/** A link as a file has it, by the name of its block. */
export interface Claim {
  readonly link: BlockLink;
  /** Whose hash is to be the block's; null where it was seen to be. */
  readonly state: ProtocolState | null;
}

type Ahead = Map<StateHash, Promise<string | null>>;

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

  /** What a file says of the block; null where only `fetchLink` of the sources can tell. */
  async claimOf(id: BlockId): Promise<Claim | null> {
    this.#readAhead(id.height);
    const ahead = this.#byHeight.get(id.height)?.get(id.stateHash);
    const proven = ahead === undefined ? await this.#withoutHeight.find(id.stateHash) : null;
    if (proven !== null) return proven.height === id.height ? { link: proven, state: null } : null;
    if (ahead === undefined) this.#read++;
    const text = await (ahead ?? this.#sources.claimLink(id));
    const state = text === null ? null : readState(text);
    const link = state === null ? null : linkOf(state, id.stateHash);
    return link?.height === id.height ? { link, state } : null;
  }

  /** The walk has come to a height: what was read there and above is not needed any more. */
  pass({ height, stateHash }: BlockId): void {
    for (const [above, here] of this.#byHeight) {
      if (above < height) break;
      this.#byHeight.delete(above);
      this.#waiting -= here.size;
      this.#unused += here.size - (here.has(stateHash) ? 1 : 0);
    }
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
        const text = this.#sources.claimLink({ height, stateHash });
        // Thrown at whoever asks for it.
        text.catch(() => undefined);
        return [stateHash, text];
      }),
    );
  }
}
