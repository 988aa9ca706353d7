// The blocks that a migration writes: rows of the source, read ahead in pieces, each put together
// with its precomputed block.

import {
  chainBlockAt,
  type MigratedBlock,
  readSourceBlocks,
  type SourceBlock,
  type SourceChain,
} from "@forklift/archive";
import { type BlockRef, type BranchStatus, least, type StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type BlockGrounds, requireRightSignatures, type WantedBlock } from "@forklift/precomputed";
import type { ArchiveContext } from "../context.ts";
import { inForm } from "../form/output-form.ts";
import { WHOLE_LOAD } from "../source-load.ts";
import { requireSameCommands } from "./compare-commands.ts";
import { groundsToDraw } from "./copy-grounds.ts";
import { genesisOfPreset } from "./genesis-of-preset.ts";
import { mergeBlock } from "./merge-block.ts";
import type { ProvenBlock } from "./proven-block.ts";
import { requireSameGenesis } from "./same-genesis.ts";

const GENESIS_HEIGHT = 1n;

export type Tools = Pick<
  ArchiveContext,
  "source" | "network" | "blocks" | "copyGrounds" | "form" | "load" | "now"
>;

/**
 * The blocks of the chain above `below`, in ascending height. Rows and precomputed blocks are read
 * ahead of the consumer, as far as the sources of precomputed blocks read ahead.
 * @throws SourceDataError when the chain is broken, or a block is not what its file says.
 */
export async function* mergedBlocks(
  tools: Tools,
  chain: SourceChain,
  below: BlockRef | null,
): AsyncGenerator<MigratedBlock> {
  const waiting: SourceBlock[] = [];
  const above = below?.height ?? 0n;
  let parent = below;
  if (above < GENESIS_HEIGHT) {
    const [genesis] = await readLinked(tools, chain, { from: 1n, to: 1n }, null);
    parent = genesis!;
    yield inForm(mergeBlock(genesis!, await provenGenesis(genesis!, tools)), tools.form);
  }
  const { load = WHOLE_LOAD, now } = tools;
  const draw = groundsToDraw(tools);
  async function* ids(): AsyncGenerator<WantedBlock> {
    for (let from = parent!.height + 1n; from <= chain.tip.height; from = parent!.height + 1n) {
      const to = least(from + BigInt(load.blocks) - 1n, chain.tip.height);
      const startedMs = now();
      const blocks = await readLinked(tools, chain, { from, to }, parent!.stateHash);
      load.adapt(blocks.length, now() - startedMs);
      parent = blocks.at(-1)!;
      for (const block of blocks) {
        waiting.push(block);
        yield wanted(block, draw());
      }
      if (to < chain.tip.height) await load.pause();
    }
  }
  for await (const proven of tools.blocks.fetchAll(ids())) {
    const source = waiting.shift()!;
    requireSameGenesis(source, proven, tools.network);
    yield inForm(mergeBlock(source, proven), tools.form);
  }
}

/** No public bucket holds height 1; the preset's state was proven by its hash when it was loaded. */
async function provenGenesis(
  genesis: SourceBlock,
  { blocks, network }: Tools,
): Promise<ProvenBlock> {
  const fetched = await blocks.tryFetch(wanted(genesis));
  if (fetched !== null) return fetched;
  const proven = genesisOfPreset(genesis, network);
  requireSameCommands(genesis, proven);
  return proven;
}

/** As `mergedBlocks` merges them, one that stands beside the chain. */
export function mergeBranchBlock(
  source: SourceBlock,
  proven: ProvenBlock,
  { status, network, form }: Pick<Tools, "network" | "form"> & { readonly status: BranchStatus },
): MigratedBlock {
  requireSameGenesis(source, proven, network);
  return inForm(mergeBlock(source, proven, status), form);
}

/** A file with other commands than the archive's, or wrong signatures, is rejected while another source can be tried. */
export function wanted(source: SourceBlock, grounds: BlockGrounds = {}): WantedBlock {
  const { height, stateHash } = source;
  const accept: WantedBlock["accept"] = (content) => {
    requireSameCommands(source, content);
    requireRightSignatures(source, content);
  };
  return { height, stateHash, ...grounds, accept };
}

async function readLinked(
  { source }: Tools,
  chain: SourceChain,
  heights: { readonly from: bigint; readonly to: bigint },
  below: StateHash | null,
): Promise<SourceBlock[]> {
  const blocks = await readSourceBlocks(source, chain, heights);
  let parentHash = below;
  for (let height = heights.from; height <= heights.to; height++) {
    const block = blocks[Number(height - heights.from)];
    if (block?.height !== height) {
      throw await unreadableBlock(source, chain, height);
    }
    if (parentHash !== null && block.parentHash !== parentHash) {
      throw new SourceDataError(
        `block ${block.stateHash} at height ${height} has parent ${block.parentHash}, expected ` +
          `${parentHash}`,
        {
          hint:
            "run forklift audit, which names the file that mends the source's chain here; then run again; or run " +
            "with --heal",
        },
      );
    }
    parentHash = block.stateHash;
  }
  return blocks;
}

/** A block is read together with the rows that it refers to, and is missing without any of them. */
async function unreadableBlock(
  source: Session,
  chain: SourceChain,
  height: bigint,
): Promise<SourceDataError> {
  const block = await chainBlockAt(source, chain, height);
  if (block === null) {
    return new SourceDataError(`the source has no block of the chain at height ${height}`, {
      hint: "forklift audit names the missing block and its file; or run with --heal, which reads it",
    });
  }
  return new SourceDataError(
    `block ${block.stateHash} at height ${height} of the source refers to a row that is missing: its ` +
      "creator_id or its block_winner_id leads to no public key",
    {
      hint:
        "repair the source's rows and look at them with forklift audit, then run again; or run with --heal, which " +
        "takes the keys from block files",
    },
  );
}
