// Merges blocks of branches with their precomputed blocks. One that cannot be merged is left out, where on the
// chain it would end the run.

import {
  type BranchRef,
  type MigratedBlock,
  readSourceBlocksOf,
  type SourceBlock,
} from "@forklift/archive";
import { FormatError, parseStateHash, type StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { groundsToDraw } from "../blocks/copy-grounds.ts";
import { mergeBranchBlock, wanted } from "../blocks/merged-blocks.ts";
import type { ArchiveContext } from "../context.ts";
import type { LeftOutBlock } from "./left-out-blocks.ts";

type Tools = Pick<ArchiveContext, "source" | "network" | "blocks" | "copyGrounds" | "form">;

/** A block to be written, or why it is not. */
export type MergedBranchBlock = MigratedBlock | LeftOutBlock;

export function isLeftOut(block: MergedBranchBlock): block is LeftOutBlock {
  return "reason" in block;
}

/**
 * In the order of the blocks, each once.
 * @throws TryAgainError, ConfigError as the fetch of a block of the chain does: what cannot be reached now
 * says nothing about a block. SourceDataError for a block with several rows.
 */
export async function mergeBranches(
  tools: Tools,
  refs: readonly BranchRef[],
): Promise<MergedBranchBlock[]> {
  const read = await readEach(tools.source, refs);
  const readable = read.filter((block): block is SourceBlock => !(block instanceof Refused));
  const draw = groundsToDraw(tools);
  const proven = tools.blocks.fetchEach(readable.map((block) => wanted(block, draw())));
  const merged: MergedBranchBlock[] = [];
  for (const [at, ref] of refs.entries()) {
    const block = read[at]!;
    if (block instanceof Refused) {
      merged.push(leftOut(ref, "rows", block.error));
      continue;
    }
    const { value } = await proven.next();
    if (value === undefined) throw new Error("a fetched block is not there");
    if (value instanceof SourceDataError) merged.push(leftOut(ref, "file", value));
    else {
      const result = attempt(() =>
        mergeBranchBlock(block, value, { ...tools, status: ref.status }),
      );
      merged.push(result instanceof Refused ? leftOut(ref, "rows", result.error) : result);
    }
  }
  return merged;
}

function leftOut(
  { height, stateHash }: BranchRef,
  cause: LeftOutBlock["cause"],
  error: SourceDataError,
): LeftOutBlock {
  return { height, stateHash, cause, reason: error.message };
}

class Refused {
  readonly error: SourceDataError;

  constructor(error: SourceDataError) {
    this.error = error;
  }
}

function attempt<Result>(work: () => Result): Result | Refused {
  try {
    return work();
  } catch (error) {
    if (error instanceof SourceDataError) return new Refused(error);
    throw error;
  }
}

/** All at once; only where one of them is malformed, each on its own. */
async function readEach(
  source: Session,
  refs: readonly BranchRef[],
): Promise<(SourceBlock | Refused)[]> {
  const hashes = refs.map(({ stateHash }) => parsedOrNull(stateHash));
  const whole = hashes.filter((hash) => hash !== null);
  const blocks = new Map<string, SourceBlock | Refused>();
  const keep = (read: readonly SourceBlock[]) => {
    for (const block of read) blocks.set(block.stateHash, block);
  };
  try {
    keep(await readSourceBlocksOf(source, whole));
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    for (const hash of whole)
      await readOne(source, hash, { keep, refuse: (it) => blocks.set(hash, it) });
  }
  return refs.map(({ stateHash, height }) => {
    const found = blocks.get(stateHash);
    if (found !== undefined) return found;
    const fault = hashes.some((hash) => hash === stateHash)
      ? "its creator_id or its block_winner_id leads to no public key in the source"
      : `its state_hash at height ${height} of the source is none`;
    return new Refused(new SourceDataError(fault, { hint: "repair the source archive's row" }));
  });
}

interface Reading {
  keep(read: readonly SourceBlock[]): void;
  refuse(refused: Refused): void;
}

async function readOne(source: Session, hash: StateHash, { keep, refuse }: Reading): Promise<void> {
  try {
    keep(await readSourceBlocksOf(source, [hash]));
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    refuse(new Refused(error));
  }
}

function parsedOrNull(text: string): StateHash | null {
  try {
    return parseStateHash(text);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
