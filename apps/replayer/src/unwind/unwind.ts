// Takes a target and its checkpoints back to a height, together: what is there afterwards is what a
// migration and a replay that stopped there would have left.

import {
  buildAccountIndexes,
  deleteBlocksAbove,
  progressMarksAbove,
  removeProgressMark,
  saveProgressMark,
  type TargetBlock,
} from "@forklift/archive";
import { BERKELEY_TREE_RULES, type Ledger } from "@forklift/ledger";
import { refreshStatistics, type Session } from "@forklift/postgres";
import { checkpointOf } from "../checkpoint/checkpoint.ts";
import { writeCheckpoint } from "../checkpoint/write-checkpoint.ts";
import { hashLedger } from "../ledger/hash-ledger.ts";
import { rebuildLedger } from "../ledger/rebuild-ledger.ts";
import type { Cursor } from "../stages/replay-tools.ts";
import type { UnwindContext, UnwindPlan } from "./plan-unwind.ts";

/**
 * A kill at any moment leaves the target as it was or as it is to be: its rows go in one transaction.
 * Files are made before it and removed after it, so that the target never waits for one that is gone.
 * @throws VerificationError before anything is changed, when the accounts recorded up to the height do
 * not hash to what the block there says.
 */
export async function unwind(context: UnwindContext, plan: UnwindPlan): Promise<void> {
  const { target, checkpoints } = context;
  const { to, tip, filesToRemove, buildsIndexes } = plan;
  if (plan.isReplayed) await proveAndCheckpoint(context, plan);
  if (tip.height > to.height || buildsIndexes) {
    await target.transaction(async () => {
      if (tip.height > to.height) await deleteAbove(context, to);
      if (buildsIndexes) await buildAccountIndexes(target);
      await refreshStatistics(target);
    });
  }
  for (const name of filesToRemove) await checkpoints!.remove(name);
}

async function deleteAbove({ target, inform }: UnwindContext, to: TargetBlock): Promise<void> {
  inform(`deleting the blocks above height ${to.height}`);
  await deleteBlocksAbove(target, to.height);
  await setMarksBack(target, to);
}

/** The rows that prove the ledger are none of those that go. */
async function proveAndCheckpoint(
  context: UnwindContext,
  { to, checkpointToWrite }: UnwindPlan,
): Promise<void> {
  const { network, checkpoints, inform } = context;
  const ledger: Ledger = await rebuildLedger(context, to);
  if (checkpointToWrite === null || checkpoints === null) return;
  const what = "it under the rules of Berkeley";
  await hashLedger(ledger, BERKELEY_TREE_RULES, { what, inform });
  await writeCheckpoint(checkpoints, network.name, checkpointOf(to, ledger));
}

/** What of a mark also holds of a block below: how its ledger hashes were compared. */
const KEYS_OF_A_BLOCK: ReadonlySet<string> = new Set([
  "height",
  "stateHash",
  "comparedSome",
] satisfies (keyof Cursor)[]);

/**
 * Where a stage had come further than the target now goes, it stands at its new tip. A mark that says
 * more than which block that is, such as the digests of a proof, says it of rows that are gone.
 */
async function setMarksBack(target: Session, to: TargetBlock): Promise<void> {
  const marks = await progressMarksAbove(target, to.height);
  const mark = { height: String(to.height), stateHash: to.stateHash };
  for (const { stage, cursor } of marks) {
    const isBlock = Object.keys(cursor).every((key) => KEYS_OF_A_BLOCK.has(key));
    if (isBlock) await saveProgressMark(target, stage, { ...cursor, ...mark });
    else await removeProgressMark(target, stage);
  }
}
