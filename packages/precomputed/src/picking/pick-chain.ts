// Chooses a chain by its links alone, from block files: down from its tip, each parent proven by the
// hash of its child's protocol state.

import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { BlockSources } from "../block-sources.ts";
import type { BlockLink } from "../links/block-link.ts";
import { LinksAhead, type PickStatistics } from "./links-ahead.ts";

export interface PickRange {
  readonly tip: BlockRef;
  /** The block that the walk ends above; null ends it above the genesis block. */
  readonly downTo: BlockRef | null;
  /** The network's, at height 1. */
  readonly genesis: BlockRef;
  /** The prefix of block files. */
  readonly network: string;
  /** Is told what was read, when the walk ends or is left. */
  readonly onEnd?: (statistics: PickStatistics) => void;
}

/**
 * The chain in descending height, from the tip to the one above `downTo`. Of each file only the
 * beginning is read where that is enough. Whether the chain holds `downTo` is said when the caller asks on after
 * its lowest block.
 * @throws SourceDataError for a block that no source has, which names its file; for a tip of another
 * network; for a chain that does not hold `downTo`. TryAgainError when a source could not be reached.
 */
export async function* pickChain(
  sources: BlockSources,
  { tip, downTo, genesis, network, onEnd }: PickRange,
): AsyncGenerator<BlockLink> {
  const floor = downTo ?? genesis;
  if (tip.height <= floor.height) {
    requireSame(tip, floor);
    return;
  }
  const places = await sources.places();
  const below = { floor: floor.height, top: tip.height };
  const ahead = new LinksAhead(sources, places, below);
  try {
    for (let at = tip; at.height > floor.height; ) {
      const link = await ahead.take(at);
      if (at === tip) requireNetwork(link, genesis, network);
      yield link;
      at = { height: at.height - 1n, stateHash: link.parentHash };
      if (at.height > floor.height || at.stateHash === floor.stateHash) continue;
      throw downTo === null ? otherGenesis(link, genesis, network) : parted(link, tip, downTo);
    }
  } finally {
    await ahead.end();
    onEnd?.(ahead.statistics());
  }
}

/** @throws SourceDataError unless there is nothing to walk. */
function requireSame(tip: BlockRef, floor: BlockRef): void {
  if (tip.height === floor.height && tip.stateHash === floor.stateHash) return;
  throw new SourceDataError(
    `block ${tip.stateHash} at height ${tip.height} is not above block ${floor.stateHash} at ` +
      `height ${floor.height}`,
    { hint: "name a block above it, or start again from an empty target" },
  );
}

function requireNetwork(link: BlockLink, genesis: BlockRef, network: string): void {
  if (link.genesisStateHash === genesis.stateHash) return;
  throw new SourceDataError(
    `block ${link.stateHash} at height ${link.height} is of the network that begins with ` +
      `${link.genesisStateHash}, but ${network} begins with ${genesis.stateHash}`,
    { hint: "give blocks of that network, or the preset of the network that these are of" },
  );
}

function otherGenesis(link: BlockLink, genesis: BlockRef, network: string): SourceDataError {
  return new SourceDataError(
    `the parent of block ${link.stateHash} at height ${link.height} is ${link.parentHash}, but ` +
      `${network} begins with ${genesis.stateHash}`,
    { hint: "name the last block of a chain that begins with the network's genesis block" },
  );
}

function parted(link: BlockLink, tip: BlockRef, downTo: BlockRef): SourceDataError {
  return new SourceDataError(
    `the chain of block ${tip.stateHash} has block ${link.parentHash} at height ${downTo.height}, ` +
      `where ${downTo.stateHash} is expected`,
    { hint: "name a block of the same chain, or start again from an empty target" },
  );
}
