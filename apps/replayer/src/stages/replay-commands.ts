// Replays the target's commands block by block, proves every ledger hash, and records the accounts
// that each block accessed and created.

import { RowIds, refreshStatistics, writeAccounts } from "@forklift/archive";
import { least } from "@forklift/chain";
import { type LedgerTree, openLedgerTree } from "@forklift/ledger";
import { BatchSize, type BatchStage, ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { BalanceCheck } from "../balance-check.ts";
import { hasCheckpoint } from "../checkpoint/write-checkpoint.ts";
import { CheckpointTiming } from "../checkpoint-timing.ts";
import { LedgerHashCheck } from "../ledger-hash-check.ts";
import { type BlockToReplay, readBlocks } from "../read-blocks.ts";
import { type BatchTools, replayBatch } from "../replay-batch.ts";
import { ledgerAfter } from "../starting-point.ts";
import { findStopBlock } from "../stop-block.ts";
import { findBlockAtHeight, findLastRecorded, type TargetBlock } from "../target-blocks.ts";
import { Timings } from "../timings.ts";
import type { ReplayerWorld } from "../world.ts";

/** One transaction: what a crash can undo, and what an operator waits for after SIGTERM. */
const BATCH_TARGET_MS = 1_000;

const BATCH_BLOCKS_MIN = 50;
const BATCH_BLOCKS_MAX = 1_000;

/** Bounds what is in memory: a command makes some two rows of 0.5 kB. */
const BATCH_COMMANDS_MAX = 20_000;

interface Plan {
  /** The block that the replay ends with. */
  readonly tip: TargetBlock;
  /** The highest block whose accounts stand in the target; below it every block was replayed. */
  readonly lastRecorded: TargetBlock;
  /** The checkpoints went with a run that was killed, its accounts did not: one is written again. */
  readonly hasCheckpointOfTip: boolean;
}

/** The last replayed block. Heights travel as text, JSON has no bigint. */
interface Cursor {
  readonly height: string;
  readonly stateHash: string;
}

interface Tools extends BatchTools, AsyncDisposable {
  readonly world: ReplayerWorld;
  readonly tree: LedgerTree;
  readonly blocks: AsyncGenerator<BlockToReplay, undefined>;
  readonly rowIds: RowIds;
  readonly batchSize: BatchSize;
  readonly checkpoints: CheckpointTiming;
  readonly timings: Timings;
}

export const replayCommands: BatchStage<ReplayerWorld, Session, Plan, Cursor, Tools> = {
  id: "replay-commands",
  kind: "batches",

  async plan(world) {
    const { target, checkpoints, network } = world;
    const tip = await findStopBlock(world);
    const lastRecorded = await findLastRecorded(target);
    if (lastRecorded === null) {
      throw new ConfigError(`the target ${target.maskedUrl} holds no genesis accounts`, {
        hint: "run forklift migrate first",
      });
    }
    if (lastRecorded.height > tip.height) {
      throw new ConfigError(
        `the accounts of ${target.maskedUrl} are recorded up to height ${lastRecorded.height}, ` +
          `above the stop point ${tip.stateHash} at height ${tip.height}`,
        { hint: `forklift unwind --to-height ${tip.height} takes the target back` },
      );
    }
    const hasCheckpointOfTip = await hasCheckpoint(checkpoints, network.name, tip);
    return { tip, lastRecorded, hasCheckpointOfTip };
  },

  /** Without a mark, as after the restore of a dump, the rows themselves tell where to start. */
  resume({ tip, lastRecorded, hasCheckpointOfTip }, mark) {
    const last = (mark as Cursor | null) ?? cursorAt(lastRecorded);
    if (BigInt(last.height) < lastRecorded.height) {
      throw new ConfigError(
        `the progress mark of replay-commands stands at height ${last.height}, but accounts are ` +
          `recorded up to height ${lastRecorded.height}`,
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    if (BigInt(last.height) > tip.height) {
      throw new ConfigError(
        `the replay stands at height ${last.height}, above the stop point ${tip.stateHash} at ` +
          `height ${tip.height}`,
        { hint: `forklift unwind --to-height ${tip.height} takes the target back` },
      );
    }
    if (last.stateHash === tip.stateHash && hasCheckpointOfTip) {
      return { skip: `every block up to height ${tip.height} has been replayed already` };
    }
    return last;
  },

  async open(world, { tip }, cursor) {
    const replayed = await findCursorBlock(world.target, cursor);
    const timings = new Timings(world.now);
    const ledger = await timings.timed("starting", () => ledgerAfter(world, replayed));
    timings.begin();
    const tree = openLedgerTree(ledger, world.threads);
    const blocks = readBlocks(
      { target: world.targetReader, balances: world.balances },
      { from: replayed.height + 1n, to: tip.height },
    );
    return {
      world,
      ledger,
      tree,
      blocks,
      ledgerHashes: new LedgerHashCheck(tree, world.network.ledgerHashExceptions),
      balances: new BalanceCheck(ledger),
      rowIds: new RowIds(),
      batchSize: new BatchSize({
        min: BATCH_BLOCKS_MIN,
        max: BATCH_BLOCKS_MAX,
        targetMs: BATCH_TARGET_MS,
      }),
      checkpoints: new CheckpointTiming(world, ledger, tree, replayed.height),
      timings,
      timed: timings.timed,
      async [Symbol.asyncDispose]() {
        await blocks.return(undefined);
        await tree[Symbol.asyncDispose]();
      },
    };
  },

  /** While rows are written, the tree is hashed on its thread and the next blocks are read. */
  async run(tx, tools, { tip }, cursor) {
    const { ledgerHashes, rowIds, batchSize, checkpoints, timed, timings } = tools;
    const startedMs = performance.now();
    const replayed = await replayBatch(tools, BigInt(cursor.height) + 1n, {
      to: least(checkpoints.nextHeight, tip.height),
      blocksMax: batchSize.size,
      commandsMax: BATCH_COMMANDS_MAX,
    });
    const { accessed, created } = replayed;
    const rowCount = await timed("writing", () => writeAccounts(tx, rowIds, accessed, created));
    await timed("hashing", () => ledgerHashes.settle());
    batchSize.adapt(replayed.blockCount, performance.now() - startedMs);
    timings.count(replayed);

    const last = replayed.last ?? tip;
    const isLast = last.height === tip.height;
    if (isLast) await refreshStatistics(tx);
    // Before the batch commits: a crash in between leaves a checkpoint ahead of the accounts, which
    // the next run passes over and writes again; the other order could lose one.
    if (isLast || checkpoints.isDue(last.height)) {
      await timed("checkpoints", () => checkpoints.write(last));
    }
    return {
      cursor: cursorAt(last),
      isLast,
      rowCount,
      progress: { done: last.height, total: tip.height, unit: "blocks" },
    };
  },

  async interrupted({ world, checkpoints }, _plan, cursor) {
    await checkpoints.writeUnlessWritten(await findCursorBlock(world.target, cursor));
  },

  summary({ ledgerHashes, balances, checkpoints, timings, tree, world }) {
    return {
      details: {
        ledgerHashesCompared: ledgerHashes.compared,
        ledgerHashExceptionsUsed: ledgerHashes.exceptionsUsed,
        ...(world.balances === null ? {} : balances.counts),
        checkpointsWritten: checkpoints.written,
      },
      measured: { ...timings.figures(tree) },
    };
  },

  /** The official replayer's own questions, asked of the tables rather than of the ledger. */
  async verify({ target }) {
    const [row] = await target.query<{ orphaned: string; accounts: string; greatest: string }>(
      `select
         (select count(*) from accounts_created c where not exists (
            select from accounts_accessed a where a.block_id = c.block_id
              and a.account_identifier_id = c.account_identifier_id)) as orphaned,
         count(distinct account_identifier_id) as accounts,
         max(ledger_index) + 1 as greatest
       from accounts_accessed`,
    );
    return [
      { name: "accounts created but not accessed", expected: "0", actual: row!.orphaned },
      { name: "accounts in ledger order", expected: String(row!.greatest), actual: row!.accounts },
    ];
  },
};

/** @throws ConfigError when the target does not hold the block that a progress mark names. */
async function findCursorBlock(target: Session, cursor: Cursor): Promise<TargetBlock> {
  const block = await findBlockAtHeight(target, BigInt(cursor.height));
  if (block?.stateHash === cursor.stateHash) return block;
  throw new ConfigError(
    `the progress mark of replay-commands names block ${cursor.stateHash} at height ` +
      `${cursor.height}, the target has ${block?.stateHash ?? "none"} there`,
    { hint: "the target was changed by another program; start again from an empty target" },
  );
}

function cursorAt({ height, stateHash }: Pick<TargetBlock, "height" | "stateHash">): Cursor {
  return { height: String(height), stateHash };
}
