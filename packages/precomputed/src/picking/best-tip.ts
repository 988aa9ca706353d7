// Finds the end of a chain that nobody has named: the highest block that enough others stand on.

import type { BlockRef, StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { BlockSources } from "../block-sources.ts";
import { linksDown } from "./links-down.ts";

export interface BestTip {
  readonly tip: BlockRef;
  /** Of the chain above it. */
  readonly highest: BlockRef;
}

/** The blocks above one, on the longest of its branches. */
interface Depth {
  readonly blocks: number;
  readonly highest: BlockRef;
}

/**
 * By the files alone: every link between is proven, and a missing file ends a branch. Of several branches
 * the highest block that is deep enough counts.
 * @param depth blocks that must stand above it on one branch.
 * @returns null when no block is deep enough.
 * @throws SourceDataError when two blocks of one height are, which no network with that finality has.
 */
export async function bestTip(sources: BlockSources, depth: number): Promise<BestTip | null> {
  let above = new Map<StateHash, Depth>();
  for await (const links of linksDown(sources)) {
    const here = new Map<StateHash, Depth>();
    const deep: BestTip[] = [];
    for (const { height, stateHash, parentHash } of links) {
      const tip = { height, stateHash };
      const found = above.get(stateHash) ?? { blocks: 0, highest: tip };
      if (found.blocks >= depth) deep.push({ tip, highest: found.highest });
      const known = here.get(parentHash);
      if (known === undefined || known.blocks <= found.blocks) {
        here.set(parentHash, { blocks: found.blocks + 1, highest: found.highest });
      }
    }
    if (deep.length > 1) throw twoChains(deep, depth);
    if (deep[0] !== undefined) return deep[0];
    above = here;
  }
  return null;
}

function twoChains([one, two]: readonly BestTip[], depth: number): SourceDataError {
  return new SourceDataError(
    `two blocks at height ${one!.tip.height} have ${depth} blocks or more above them: ` +
      `${one!.tip.stateHash} and ${two!.tip.stateHash}`,
    { hint: "name the last block yourself with --fork-state-hash" },
  );
}
