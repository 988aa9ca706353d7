// Takes a target and its checkpoints back to a height, together: what is there afterwards is what a
// migration and a replay that stopped there would have left.

import {
  branchesAbove,
  buildAccountIndexes,
  deleteBlocksAbove,
  progressMarksFrom,
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
  const { to, filesToRemove, buildsIndexes } = plan;
  if (plan.isReplayed) await proveAndCheckpoint(context, plan);
  // Beside a chain that ends there already, pending blocks may stand above.
  const deletes = plan.rows.blocks > 0n;
  if (deletes || buildsIndexes) {
    await target.transaction(async () => {
      if (deletes) await deleteAbove(context, to);
      if (buildsIndexes) await buildAccountIndexes(target);
      await refreshStatistics(target);
    });
  }
  for (const name of filesToRemove) await checkpoints!.remove(name);
}

async function deleteAbove({ target, inform }: UnwindContext, to: TargetBlock): Promise<void> {
  inform(`deleting the blocks above height ${to.height}`);
  const { hasBlocks } = await branchesAbove(target, to.height);
  await deleteBlocksAbove(target, to.height);
  await setMarksBack(target, to, { fromHeight: hasBlocks ? to.height : to.height + 1n });
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
 * @param fromHeight that of the new tip where blocks beside the chain were above it: what was proven up to there
 * counts their rows, too.
 */
async function setMarksBack(
  target: Session,
  to: TargetBlock,
  { fromHeight }: { readonly fromHeight: bigint },
): Promise<void> {
  const marks = await progressMarksFrom(target, fromHeight);
  const mark = { height: String(to.height), stateHash: to.stateHash };
  for (const { stage, cursor } of marks) {
    const isBlock = Object.keys(cursor).every((key) => KEYS_OF_A_BLOCK.has(key));
    if (isBlock) await saveProgressMark(target, stage, { ...cursor, ...mark });
    else await removeProgressMark(target, stage);
  }
}
