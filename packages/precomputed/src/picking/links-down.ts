// The links of all blocks whose files' names claim a height, from the highest down.

import { pMapIterable } from "p-map";
import type { BlockSources } from "../block-sources.ts";
import type { BlockLink } from "../links/block-link.ts";

/**
 * Heights that are looked at. A chain with so many holes that no block among them is deep enough is
 * no place to end in.
 */
const HEIGHTS_MAX = 20_000;

const READS_AHEAD = { concurrency: 32, backpressure: 128 };

/** Those of each height that some name claims together, as far as their files are sound. */
export async function* linksDown(sources: BlockSources): AsyncGenerator<readonly BlockLink[]> {
  const places = await sources.places();
  const read = async (height: bigint) => {
    const candidates = places.candidates(height);
    const links = candidates.map((stateHash) => sources.findLink({ height, stateHash }));
    return (await Promise.all(links)).filter((link) => link !== null);
  };
  yield* pMapIterable(first(places.heightsDown(), HEIGHTS_MAX), read, READS_AHEAD);
}

function* first(heights: Iterable<bigint>, max: number): Generator<bigint> {
  let count = 0;
  for (const height of heights) {
    if (count++ === max) return;
    yield height;
  }
}
