// The blocks that a migration writes, wherever they come from.

import assert from "node:assert/strict";
import { type MigratedBlock, pickedBlocks, type SourceChain } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { mergedBlocks } from "../blocks/merged-blocks.ts";
import type { ArchiveContext, MigratorContext } from "../context.ts";
import { healedBlocks } from "../heal/healed-blocks.ts";
import { OpenedAccounts } from "../heal/opened-accounts.ts";
import { fileBlocks } from "./file-blocks.ts";

/** The blocks of the chain above `below`, in ascending height, read ahead of the consumer. */
export async function blocksOfOrigin(
  context: MigratorContext,
  chain: SourceChain,
  below: BlockRef | null,
): Promise<AsyncGenerator<MigratedBlock>> {
  const { source, targetReader } = context;
  if (source !== null) return await blocksOfArchive({ ...context, source }, chain, below);
  // While one batch is written, the picked chain is read on.
  assert(targetReader !== undefined, "without a source there is a second session on the target");
  const picked = pickedBlocks(targetReader, below?.height ?? 0n);
  return fileBlocks(context, picked, { below, tip: chain.tip });
}

async function blocksOfArchive(
  context: ArchiveContext,
  chain: SourceChain,
  below: BlockRef | null,
): Promise<AsyncGenerator<MigratedBlock>> {
  const { heals = false, comparesCreationFees = true } = context;
  if (!heals) return mergedBlocks(context, chain, below);
  const accounts = comparesCreationFees ? await OpenedAccounts.of(context) : null;
  return healedBlocks(context, { chain, below, accounts });
}
