// Brings the chain status of the blocks that a target holds beside its chain to what the source says: those that
// its chain has gone on with become canonical, and the marks of the stages that follow the chain go with them.

import {
  type BlockMark,
  type BranchBlock,
  type BranchCounts,
  countBranchBlocks,
  deleteBlocksAbove,
  parseBlockMark,
  progressMarks,
  recordedAmong,
  removeProgressMark,
  saveProgressMark,
  setChainStatus,
  walkTargetFrom,
  withoutCommands,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { BatchStage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import {
  adoptableBlocks,
  type ChangedStatuses,
  changedStatuses,
  countsAfter,
} from "../branches/changed-statuses.ts";
import type { ArchiveContext } from "../context.ts";
import { changedTarget } from "../preflight/changed-target.ts";
import { hasBranchesAboveEnd } from "../preflight/chosen-branches.ts";
import { chooseRange } from "../preflight/migration-range.ts";
import { copyBlocks } from "./copy-blocks.ts";

/** Of the replayer, whose mark names the last block of the chain that it has replayed. */
const REPLAY_STAGE = "replay-commands";

/** Of the jobs, whose mark counts the rows that were proven. */
const VERIFY_STAGE = "verify-target";

interface Plan {
  readonly targetTip: BlockRef;
  /** They follow one another, the first on the tip. */
  readonly adopted: readonly BranchBlock[];
  readonly changed: ChangedStatuses;
  /** The blocks above it are deleted, all of them beside the chain; null where there is none. */
  readonly end: bigint | null;
  /** Blocks beside the chain once this is done. */
  readonly after: BranchCounts;
}

/** The tip of the target's chain. */
type Cursor = BlockMark;

interface Tools {
  readonly counts: { adopted: number; statusesChanged: number; deleted: number };
}

/** All of it is one batch: as many rows as the network has decided on since the last run. */
export const adoptBranches: BatchStage<ArchiveContext, Session, Plan, Cursor, Tools> = {
  id: "adopt-branches",
  kind: "batches",

  async plan(context) {
    const { target, history = "canonical" } = context;
    if (history === "canonical") return { skip: "the history is canonical, without branches" };
    const { chain, targetTip } = await chooseRange(context, { targetHasSchema: true });
    if (targetTip === null) return { skip: "the target holds no block" };
    const end = (await hasBranchesAboveEnd(target, context, chain)) ? chain.tip.height : null;
    const adopted = await adoptableBlocks(context, chain, targetTip);
    const changed = await changedStatuses(context, { adopted, upTo: end });
    if (end === null && adopted.length + changed.orphaned.length + changed.pending.length === 0) {
      return { skip: "the blocks beside the chain are what the source says of them" };
    }
    const before = await countBranchBlocks(target, end ?? undefined);
    return { targetTip, adopted, changed, end, after: countsAfter(before, adopted, changed) };
  },

  /** The rows are the truth; a mark that stands above them means that someone else wrote the target. */
  resume({ targetTip }, mark) {
    const marked = parseBlockMark("adopt-branches", mark);
    const tip = markOf(targetTip);
    if (marked === null || BigInt(marked.height) < targetTip.height) return tip;
    if (marked.stateHash === tip.stateHash) return tip;
    throw changedTarget(
      `the progress mark of adopt-branches stands at ${marked.stateHash} (height ${marked.height}), but the ` +
        `highest canonical block of the target is ${tip.stateHash} (height ${tip.height})`,
    );
  },

  async open() {
    return { counts: { adopted: 0, statusesChanged: 0, deleted: 0 } };
  },

  async run(tx, { counts }, { targetTip, adopted, changed, end }) {
    if (end !== null) await deleteAbove(tx, counts, end);
    const hashes = adopted.map(({ stateHash }) => stateHash);
    counts.adopted = await setChainStatus(tx, "canonical", hashes);
    counts.statusesChanged =
      (await setChainStatus(tx, "orphaned", changed.orphaned)) +
      (await setChainStatus(tx, "pending", changed.pending));
    const tip = adopted.at(-1) ?? targetTip;
    await moveMark(tx, copyBlocks.id, { from: targetTip, to: tip });
    await moveMark(tx, REPLAY_STAGE, {
      from: targetTip,
      to: await lastReplayed(tx, targetTip, adopted),
    });
    const rowCount = counts.adopted + counts.statusesChanged + counts.deleted;
    return {
      cursor: markOf(tip),
      isLast: true,
      rowCount,
      progress: { done: BigInt(rowCount), total: BigInt(rowCount), unit: "blocks" },
    };
  },

  summary({ counts }) {
    const { deleted, ...changed } = counts;
    return { details: deleted === 0 ? changed : { ...changed, deleted } };
  },

  /** By parent id from the new tip, where the plan went by the source's heights. */
  async verify({ target }, { targetTip, adopted, after }) {
    const tip = adopted.at(-1) ?? targetTip;
    const { walked, canonical } = await walkTargetFrom(target, tip.stateHash);
    const { orphaned, pending } = await countBranchBlocks(target);
    const height = String(tip.height);
    return [
      { name: "blocks reached from the tip", expected: height, actual: walked },
      { name: "canonical blocks stored", expected: height, actual: canonical },
      { name: "orphaned blocks", expected: String(after.orphaned), actual: String(orphaned) },
      { name: "pending blocks", expected: String(after.pending), actual: String(pending) },
    ];
  },
};

/** The highest of the blocks up to which the replay has gone along their branch. */
async function lastReplayed(
  tx: Session,
  targetTip: BlockRef,
  adopted: readonly BranchBlock[],
): Promise<BlockRef> {
  const hashes = adopted.map(({ stateHash }) => stateHash);
  const recorded = await recordedAmong(tx, hashes);
  const empty = await withoutCommands(tx, hashes);
  let last = targetTip;
  for (const block of adopted) {
    if (recorded.has(block.stateHash)) last = block;
    // Nothing tells whether a block without commands was replayed: that costs nothing.
    else if (!empty.has(block.stateHash)) break;
  }
  return last;
}

/** What was proven of the target counted rows that go with these blocks. */
async function deleteAbove(tx: Session, counts: Tools["counts"], height: bigint): Promise<void> {
  const { blocks } = await deleteBlocksAbove(tx, height);
  counts.deleted = Number(blocks);
  await removeProgressMark(tx, VERIFY_STAGE);
}

/** Elsewhere than where the chain ended it says something else, which its stage will judge. */
async function moveMark(
  tx: Session,
  stage: string,
  { from, to }: { readonly from: BlockRef; readonly to: BlockRef },
): Promise<void> {
  const mark = await progressMarks(tx).load(stage);
  if (parseBlockMark(stage, mark)?.stateHash !== from.stateHash) return;
  // It may say more than where the stage stands, and that holds on.
  await saveProgressMark(tx, stage, { ...(mark as object), ...markOf(to) });
}

function markOf({ height, stateHash }: BlockRef): BlockMark {
  return { height: String(height), stateHash };
}
