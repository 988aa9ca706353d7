// Finds the height of a block that is known by its state hash alone, by the names of files.

import type { BlockRef, StateHash } from "@forklift/chain";
import type { BlockSources } from "../block-sources.ts";

/** Heights at which a name claims the block. Of an honest place there is one. */
const CLAIMS_MAX = 100;

/**
 * The block with its height, as its hashed protocol state says; null when no source that can be listed
 * has a sound file of it.
 */
export async function findBlock(
  sources: BlockSources,
  stateHash: StateHash,
): Promise<BlockRef | null> {
  const places = await sources.places();
  const claims = places.heightsOf(stateHash).slice(0, CLAIMS_MAX);
  const heights = places.isWithoutHeight(stateHash) ? [...claims, null] : claims;
  for (const height of heights) {
    const link = await sources.findLink({ height, stateHash });
    if (link !== null) return { height: link.height, stateHash };
  }
  return null;
}
