// What block files say of a block that may be the last before the fork, where there is no archive: whether
// the highest blocks stand on it, how many there are, and whether users went on sending commands.

import type { BlockWithCommands, ForkCandidate } from "@forklift/archive";
import { type BlockRef, parseGlobalSlotSinceGenesis, type StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { SourceDataError } from "@forklift/pipeline";
import {
  type BlockLink,
  type BlockSources,
  findBlock,
  highestBlocks,
  pickChain,
} from "@forklift/precomputed";

interface Files {
  readonly blocks: BlockSources;
  readonly network: Network;
}

/** Of the blocks above the candidate, the lowest, which are looked at for commands of users. */
const LOOKED_AT_MAX = 10_000;

/** Null when no place of block files that can be listed has the block. */
export async function readCandidateOfFiles(
  files: Files,
  stateHash: StateHash,
): Promise<ForkCandidate | null> {
  const { blocks } = files;
  const block = await findBlock(blocks, stateHash);
  if (block === null) return null;
  const { protocolState } = await blocks.fetch(block);
  const slot = protocolState.body.consensusState.globalSlotSinceGenesis;
  const bestTips = await highestBlocks(blocks);
  const above: BlockRef[][] = [];
  const rivals: BlockRef[] = [];
  let off: string | null = null;
  for (const tip of bestTips) {
    const found = await blocksAbove(files, block, tip);
    if ("off" in found) {
      rivals.push(tip);
      off ??= found.off;
    } else above.push(found.blocks);
  }
  const offBestChain = above.length === 0 ? off : null;
  const height = rivals.length === 0 ? (bestTips[0]?.height ?? block.height) : block.height;
  return {
    ...block,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(`${slot}`),
    // The walk down from it to genesis is the migration's own.
    left: null,
    bestTips,
    offBestChain,
    rivals: offBestChain === null ? rivals : [],
    blocksAbove: offBestChain === null ? height - block.height : null,
    commandsAbove: await lowestWithCommands(blocks, above[0] ?? []),
  };
}

/** The lowest of them in ascending height, or why the tip does not stand on the block. */
async function blocksAbove(
  { blocks, network }: Files,
  block: BlockRef,
  tip: BlockRef,
): Promise<{ readonly blocks: BlockRef[] } | { readonly off: string }> {
  const genesis = { height: 1n, stateHash: network.genesis.stateHash };
  const range = { tip, downTo: block, genesis, network: network.name };
  const above: BlockLink[] = [];
  try {
    for await (const link of pickChain(blocks, range)) {
      above.push(link);
      if (above.length > LOOKED_AT_MAX) above.shift();
    }
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    return {
      off: `the highest block ${tip.stateHash} at height ${tip.height} does not descend from it`,
    };
  }
  return { blocks: above.reverse() };
}

async function lowestWithCommands(
  blocks: BlockSources,
  above: readonly BlockRef[],
): Promise<BlockWithCommands | null> {
  for await (const { height, stateHash, userCommands } of blocks.fetchAll(above)) {
    const count = userCommands.length;
    if (count > 0) return { height, stateHash, userCommands: BigInt(count) };
  }
  return null;
}
