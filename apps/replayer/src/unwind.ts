// Takes a target and its checkpoints back to a height, together: what is there afterwards is what a
// migration and a replay that stopped there would have left.

import {
  countRowsAbove,
  deleteBlocksAbove,
  progressMarks,
  refreshStatistics,
  removeProgressMark,
  requireOnlyMigrated,
  saveProgressMark,
  type UnwoundRows,
} from "@forklift/archive";
import { BERKELEY_TREE_RULES, type Ledger } from "@forklift/ledger";
import type { Network } from "@forklift/network";
import { ConfigError, SourceDataError, UsageError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Store } from "@forklift/storage";
import {
  checkpointName,
  checkpointOf,
  metaName,
  parseCheckpointName,
} from "./checkpoint/checkpoint.ts";
import type { CheckpointMeta } from "./checkpoint/checkpoint-meta.ts";
import { type CheckpointPlace, readMetaHead } from "./checkpoint/read-meta.ts";
import { hasCheckpoint, writeCheckpoint } from "./checkpoint/write-checkpoint.ts";
import { hashLedger, type Inform } from "./hash-ledger.ts";
import { rebuildLedger } from "./rebuild-ledger.ts";
import { replayCommands } from "./stages/replay-commands.ts";
import { findBlockAtHeight, findLastRecorded, findTip, type TargetBlock } from "./target-blocks.ts";

export interface UnwindWorld {
  /** Locked by this run; for a plan, a session that can only read will do. */
  readonly target: Session;
  readonly network: Network;
  /** Where the replay wrote its checkpoints; null leaves files alone. */
  readonly checkpoints: Store | null;
  readonly inform: Inform;
}

export interface UnwindPlan {
  readonly tip: TargetBlock;
  /** What will be the tip. */
  readonly to: TargetBlock;
  /** Rows to be deleted, by table. */
  readonly rows: UnwoundRows;
  /** Checkpoint and meta files of blocks above. */
  readonly filesToRemove: readonly string[];
  /** The name of the checkpoint to be written; null when it is there, or nothing was replayed so far. */
  readonly checkpointToWrite: string | null;
  /** False when the replay had not come as far: then there is no ledger to prove. */
  readonly isReplayed: boolean;
}

/**
 * Reads only.
 * @throws UsageError for a height above the tip or below genesis, ConfigError for a target without
 * blocks or with blocks that no migration has written, and for a store of published sets.
 */
export async function planUnwind(world: UnwindWorld, height: bigint): Promise<UnwindPlan> {
  const { target, network, checkpoints } = world;
  const tip = await findTip(target);
  if (tip === null) {
    throw new ConfigError(`the target ${target.maskedUrl} holds no block`, {
      hint: "there is nothing to unwind; run forklift migrate first",
    });
  }
  if (height < 1n || height > tip.height) {
    throw new UsageError(
      `--to-height ${height} is not among the heights 1 to ${tip.height} of ${target.maskedUrl}`,
      { hint: `the target's tip is ${tip.stateHash} at height ${tip.height}` },
    );
  }
  await requireOnlyMigrated(target);
  const to = await findBlockAtHeight(target, height);
  if (to === null) {
    throw new ConfigError(`the target ${target.maskedUrl} has no block at height ${height}`, {
      hint: "forklift verify tells what is missing; start again from an empty target",
    });
  }
  const isReplayed = (await replayedHeight(target)) >= height;
  if (checkpoints !== null) await requireNoSets(checkpoints, network.name);
  return {
    tip,
    to,
    rows: await countRowsAbove(target, height),
    filesToRemove: checkpoints === null ? [] : await filesAbove(world, checkpoints, to),
    checkpointToWrite: await checkpointToWrite(world, to, isReplayed),
    isReplayed,
  };
}

/**
 * A kill at any moment leaves the target as it was or as it is to be: its rows go in one transaction.
 * Files are made before it and removed after it, so that the target never waits for one that is gone.
 * @throws VerificationError before anything is changed, when the accounts recorded up to the height do
 * not hash to what the block there says.
 */
export async function unwind(world: UnwindWorld, plan: UnwindPlan): Promise<void> {
  const { target, checkpoints, inform } = world;
  const { to, tip, filesToRemove } = plan;
  if (plan.isReplayed) await proveAndCheckpoint(world, plan);
  if (tip.height > to.height) {
    await target.transaction(async () => {
      inform(`deleting the blocks above height ${to.height}`);
      await deleteBlocksAbove(target, to.height);
      await setMarksBack(target, to);
      await refreshStatistics(target);
    });
  }
  for (const name of filesToRemove) await checkpoints!.remove(name);
}

/** The rows that prove the ledger are none of those that go. */
async function proveAndCheckpoint(
  world: UnwindWorld,
  { to, checkpointToWrite }: UnwindPlan,
): Promise<void> {
  const { network, checkpoints, inform } = world;
  const ledger: Ledger = await rebuildLedger(world, to);
  if (checkpointToWrite === null || checkpoints === null) return;
  const what = "it under the rules of Berkeley";
  await hashLedger(ledger, BERKELEY_TREE_RULES, { what, inform });
  await writeCheckpoint(checkpoints, network.name, await checkpointOf(to, ledger));
}

/** Blocks without commands have no rows, but the replay's mark has passed them. */
async function replayedHeight(target: Session): Promise<bigint> {
  const mark = (await progressMarks(target).load(replayCommands.id)) as { height: string } | null;
  const recorded = (await findLastRecorded(target))?.height ?? 0n;
  const marked = BigInt(mark?.height ?? 0);
  return marked > recorded ? marked : recorded;
}

async function checkpointToWrite(
  { network, checkpoints }: UnwindWorld,
  to: TargetBlock,
  isReplayed: boolean,
): Promise<string | null> {
  if (checkpoints === null || !isReplayed) return null;
  if (await hasCheckpoint(checkpoints, network.name, to)) return null;
  return checkpointName(network.name, to.globalSlotSinceGenesis);
}

/** By its meta file, else by its name: the slots after a block belong to it until the next block. */
async function filesAbove(
  { target, network }: UnwindWorld,
  store: Store,
  to: TargetBlock,
): Promise<string[]> {
  const next = await findBlockAtHeight(target, to.height + 1n);
  const startSlotMax = next?.globalSlotSinceGenesis ?? to.globalSlotSinceGenesis + 1n;
  const stored: string[] = [];
  for await (const { name } of store.list(`${network.name}-checkpoint-`)) stored.push(name);
  const files: string[] = [];
  for (const name of stored) {
    const parsed = parseCheckpointName(name);
    if (parsed?.network !== network.name) continue;
    const meta = await metaOrNull({ store, name });
    const isAbove = meta === null ? parsed.startSlot > startSlotMax : meta.height > to.height;
    if (!isAbove) continue;
    // The checkpoint last: without its meta file it is still one.
    files.push(...[metaName(name), name].filter((file) => stored.includes(file)));
  }
  return files;
}

/** A torn meta file says nothing, and goes with its checkpoint. */
async function metaOrNull(place: CheckpointPlace): Promise<CheckpointMeta | null> {
  try {
    return await readMetaHead(place);
  } catch (error) {
    if (error instanceof SourceDataError) return null;
    throw error;
  }
}

/** A set without its checkpoint would be torn. */
async function requireNoSets(store: Store, network: string): Promise<void> {
  for await (const { name } of store.list(`${network}-set-`)) {
    throw new ConfigError(
      `${store.url} holds published sets (${name}), which are never taken apart`,
      {
        hint: "give --checkpoints the folder in which forklift replay wrote its checkpoints",
      },
    );
  }
}

/**
 * Where a stage had come further than the target now goes, it stands at its new tip. A mark that says
 * more than which block that is, such as the digests of a proof, says it of rows that are gone.
 */
async function setMarksBack(target: Session, to: TargetBlock): Promise<void> {
  const marks = await target.query<{ stage: string; cursor: object }>(
    "select stage, cursor from forklift.progress_mark where (cursor ->> 'height')::bigint > $1",
    [to.height],
  );
  const mark = { height: String(to.height), stateHash: to.stateHash };
  for (const { stage, cursor } of marks) {
    const isBlock = Object.keys(cursor).every((key) => Object.hasOwn(mark, key));
    if (isBlock) await saveProgressMark(target, stage, mark);
    else await removeProgressMark(target, stage);
  }
}
