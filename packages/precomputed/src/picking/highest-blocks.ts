// The highest blocks of which block sources that can be listed have a sound file.

import type { BlockRef } from "@forklift/chain";
import type { BlockSources } from "../block-sources.ts";
import { linksDown } from "./links-down.ts";

/** All of one height, none where no file is sound. */
export async function highestBlocks(sources: BlockSources): Promise<BlockRef[]> {
  for await (const links of linksDown(sources)) {
    if (links.length > 0) return links.map(({ height, stateHash }) => ({ height, stateHash }));
  }
  return [];
}
