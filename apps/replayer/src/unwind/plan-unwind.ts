// Plans what an unwind of a target to a height would remove, for `forklift unwind`. Reads only.

import {
  countRowsAbove,
  findLastRecorded,
  lacksAccountIndexes,
  progressMarks,
  readTargetTip,
  requireMayBuildAccountIndexes,
  requireOnlyMigrated,
  type TargetBlock,
  targetBlockAt,
  type UnwoundRows,
} from "@forklift/archive";
import type { Network } from "@forklift/network";
import { ConfigError, SourceDataError, UsageError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Store } from "@forklift/storage";
import { checkpointName, metaName, parseCheckpointName } from "../checkpoint/checkpoint.ts";
import type { CheckpointMeta } from "../checkpoint/checkpoint-meta.ts";
import { type CheckpointLocation, readMetaHead } from "../checkpoint/read-meta.ts";
import { hasCheckpoint } from "../checkpoint/write-checkpoint.ts";
import type { Inform } from "../ledger/hash-ledger.ts";
import { replayCommands } from "../stages/replay-commands.ts";

export interface UnwindContext {
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
  /** Whether indexes of the accounts' tables are put back, which a replay that did not end left out. */
  readonly buildsIndexes: boolean;
}

/**
 * Reads only.
 * @throws UsageError for a height above the tip or below genesis, ConfigError for a target without
 * blocks or with blocks that no migration has written, and for a store of published sets.
 */
export async function planUnwind(context: UnwindContext, height: bigint): Promise<UnwindPlan> {
  const { target, network, checkpoints } = context;
  const tip = await readTargetTip(target);
  if (tip === null) {
    throw new ConfigError(`the target ${target.maskedUrl} holds no block`, {
      hint: "there is nothing to unwind; run forklift migrate first",
    });
  }
  if (height < 1n || height > tip.height) {
    throw new UsageError(
      `--to-height ${height} is not among the heights 1 to ${tip.height} of ${target.maskedUrl}`,
      {
        hint: `give --to-height a height from 1 to ${tip.height}, that of the tip ${tip.stateHash}`,
      },
    );
  }
  await requireOnlyMigrated(target);
  const to = await targetBlockAt(target, height);
  if (to === null) {
    throw new ConfigError(`the target ${target.maskedUrl} has no block at height ${height}`, {
      hint: "forklift verify reports what is missing; start again from an empty target",
    });
  }
  const buildsIndexes = await lacksAccountIndexes(target);
  if (buildsIndexes) await requireMayBuildAccountIndexes(target);
  const isReplayed = (await replayedHeight(target)) >= height;
  if (checkpoints !== null) await requireNoSets(checkpoints, network.name);
  return {
    tip,
    to,
    rows: await countRowsAbove(target, height),
    filesToRemove: checkpoints === null ? [] : await filesAbove(context, checkpoints, to),
    checkpointToWrite: await checkpointToWrite(context, to, isReplayed),
    isReplayed,
    buildsIndexes,
  };
}

/** Blocks without commands have no rows, but the replay's mark has passed them. */
async function replayedHeight(target: Session): Promise<bigint> {
  const mark = (await progressMarks(target).load(replayCommands.id)) as { height: string } | null;
  const recorded = (await findLastRecorded(target))?.height ?? 0n;
  const marked = BigInt(mark?.height ?? 0);
  return marked > recorded ? marked : recorded;
}

async function checkpointToWrite(
  { network, checkpoints }: UnwindContext,
  to: TargetBlock,
  isReplayed: boolean,
): Promise<string | null> {
  if (checkpoints === null || !isReplayed) return null;
  if (await hasCheckpoint(checkpoints, network.name, to)) return null;
  return checkpointName(network.name, to.globalSlotSinceGenesis);
}

/** By its meta file, else by its name: the slots after a block belong to it until the next block. */
async function filesAbove(
  { target, network }: UnwindContext,
  store: Store,
  to: TargetBlock,
): Promise<string[]> {
  const next = await targetBlockAt(target, to.height + 1n);
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

/** A truncated meta file says nothing, and goes with its checkpoint. */
async function metaOrNull(place: CheckpointLocation): Promise<CheckpointMeta | null> {
  try {
    return await readMetaHead(place);
  } catch (error) {
    if (error instanceof SourceDataError) return null;
    throw error;
  }
}

/** A set without its checkpoint would be incomplete. */
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
