// The blocks that a migration writes, wherever they come from.

import assert from "node:assert/strict";
import { type MigratedBlock, pickedBlocks, type SourceChain } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { mergedBlocks } from "../blocks/merged-blocks.ts";
import type { MigratorContext } from "../context.ts";
import { fileBlocks } from "./file-blocks.ts";

/** The blocks of the chain above `below`, in ascending height, read ahead of the consumer. */
export function blocksOfOrigin(
  context: MigratorContext,
  chain: SourceChain,
  below: BlockRef | null,
): AsyncGenerator<MigratedBlock> {
  const { source, targetReader } = context;
  if (source !== null) return mergedBlocks({ ...context, source }, chain, below);
  // While one batch is written, the picked chain is read on.
  assert(targetReader !== undefined, "without a source there is a second session on the target");
  const picked = pickedBlocks(targetReader, below?.height ?? 0n);
  return fileBlocks(context, picked, { below, tip: chain.tip });
}
