// Blocks beside the chain as their files have them, where the source may have them otherwise. What nothing settles is
// left out, as what has no sound file.

import { type BranchRef, readSourceRows, type SourceRows } from "@forklift/archive";
import { type BlockRef, FormatError, parseStateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { VerifiedBlock } from "@forklift/precomputed";
import { groundsToDraw } from "../blocks/copy-grounds.ts";
import { blockOfFile } from "../blocks/merge-block.ts";
import type { Tools } from "../blocks/merged-blocks.ts";
import { requireSameGenesis } from "../blocks/same-genesis.ts";
import { inForm } from "../form/output-form.ts";
import { healBlock, settleByChain } from "../heal/heal-block.ts";
import { wantedOf } from "../heal/healed-blocks.ts";
import type { LeftOutBlock } from "./left-out-blocks.ts";
import { isLeftOut, type MergedBranchBlock } from "./merge-branches.ts";

interface Looked {
  readonly ref: BlockRef;
  readonly rows: readonly SourceRows[];
}

/**
 * In the order of the blocks, each once.
 * @throws TryAgainError, ConfigError as the fetch of a block of the chain does.
 */
export async function healBranches(
  tools: Tools,
  refs: readonly BranchRef[],
): Promise<MergedBranchBlock[]> {
  const rows = await readSourceRows(
    tools.source,
    refs.map(({ stateHash }) => stateHash),
  );
  const looked = refs.map((branch) => ({
    branch,
    ref: refOrNull(branch),
    rows: rows.filter(({ stateHash }) => stateHash === branch.stateHash),
  }));
  const draw = groundsToDraw(tools);
  const files = tools.blocks.fetchEach(
    looked.flatMap(({ ref, rows: own }) =>
      ref === null ? [] : [wantedOf({ ref, rows: own }, draw())],
    ),
  );
  const merged: MergedBranchBlock[] = [];
  for (const { branch, ref, rows: own } of looked) {
    if (ref === null) {
      merged.push(leftOut(branch, "rows", "its state_hash in the source is none"));
      continue;
    }
    const { value } = await files.next();
    if (value === undefined) throw new Error("a fetched block is not there");
    merged.push(await healOne(tools, branch, { ref, rows: own, fetched: value }));
  }
  return merged;
}

async function healOne(
  tools: Tools,
  branch: BranchRef,
  { ref, rows, fetched }: Looked & { readonly fetched: VerifiedBlock | SourceDataError },
): Promise<MergedBranchBlock> {
  const view = { ref, rows, status: null };
  try {
    const isSame = !(fetched instanceof SourceDataError);
    const { file, healed } = isSame
      ? settleByChain(fetched, view)
      : await healBlock(tools, view, null);
    requireSameGenesis(ref, file, tools.network);
    const block = inForm(blockOfFile(file, branch.status), tools.form);
    return healed.length === 0 ? block : { ...block, healed };
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    return leftOut(branch, "file", error.message);
  }
}

/** The refs with the parents that the files name, by which branches are linked where the source has others. */
export function linkedByFiles(
  refs: readonly BranchRef[],
  merged: readonly MergedBranchBlock[],
): BranchRef[] {
  return refs.map((ref, at) => {
    const block = merged[at]!;
    if (isLeftOut(block)) return ref;
    const { parentHash, height } = block;
    return { ...ref, parentHash, height, parentHeight: height - 1n };
  });
}

function leftOut(
  { height, stateHash }: BranchRef,
  cause: LeftOutBlock["cause"],
  reason: string,
): LeftOutBlock {
  return { height, stateHash, cause, reason };
}

function refOrNull({ height, stateHash }: BranchRef): BlockRef | null {
  try {
    return { height, stateHash: parseStateHash(stateHash) };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
