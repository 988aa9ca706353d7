// The blocks that a migration without an archive writes: those of the picked chain, each put together from its
// precomputed block alone.

import type { MigratedBlock } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { BlockGrounds, VerifiedBlock, WantedBlock } from "@forklift/precomputed";
import { groundsToDraw } from "../blocks/copy-grounds.ts";
import { genesisOfPreset } from "../blocks/genesis-of-preset.ts";
import { blockOfFile } from "../blocks/merge-block.ts";
import { requireSameGenesis } from "../blocks/same-genesis.ts";
import { wantedFile } from "../blocks/wanted-file.ts";
import type { MigratorContext } from "../context.ts";
import { inForm } from "../form/output-form.ts";

const GENESIS_HEIGHT = 1n;

type Tools = Pick<MigratorContext, "source" | "network" | "blocks" | "copyGrounds" | "form">;

/** A block to begin above, and where the chain ends. */
interface Stretch {
  readonly below: BlockRef | null;
  readonly tip: BlockRef;
}

/**
 * The genesis block where nothing is below, then those picked, in ascending height.
 * @param picked the blocks right above `below`, or above genesis, ascending; not asked for where there are none.
 * @throws SourceDataError when a block is not what its file says, or its parent is not the block before it.
 */
export async function* fileBlocks(
  tools: Tools,
  picked: AsyncIterable<BlockRef>,
  { below, tip }: Stretch,
): AsyncGenerator<MigratedBlock> {
  const { stateHash } = tools.network.genesis;
  let parent = below ?? { height: GENESIS_HEIGHT, stateHash };
  if (below === null) {
    yield inForm(blockOfFile(genesisOfPreset(parent, tools.network), "canonical"), tools.form);
  }
  if (parent.height === tip.height) return;
  for await (const block of tools.blocks.fetchAll(wanted(picked, groundsToDraw(tools)))) {
    requireParent(block, parent);
    requireSameGenesis(block, block, tools.network);
    yield inForm(blockOfFile(block, "canonical"), tools.form);
    parent = block;
  }
}

async function* wanted(
  picked: AsyncIterable<BlockRef>,
  draw: () => BlockGrounds,
): AsyncGenerator<WantedBlock> {
  for await (const block of picked) yield wantedFile(block, draw());
}

/** The walk went down by the same links; the file may have been another one since. */
function requireParent({ height, stateHash, protocolState }: VerifiedBlock, below: BlockRef): void {
  const found = protocolState.previousStateHash;
  if (height === below.height + 1n && found === below.stateHash) return;
  throw new SourceDataError(
    `block ${stateHash} at height ${height} has parent ${found}, expected ${below.stateHash} at height ${below.height}`,
    { hint: "the picked chain was changed by another program; start again from an empty target" },
  );
}
