// Replays the target's commands block by block, proves every ledger hash, and records the accounts
// that each block accessed and created.

import {
  type BlockMark,
  buildAccountIndexes,
  countRecordedAccounts,
  dropAccountIndexes,
  findLastRecorded,
  lacksAccountIndexes,
  missingAccountIndexes,
  parseBlockMark,
  RowIds,
  type TargetBlock,
  targetBlockAt,
  writeAccounts,
} from "@forklift/archive";
import { least } from "@forklift/chain";
import { type LedgerTree, openLedgerTree, ReceiptThread } from "@forklift/ledger";
import { BatchSize, type BatchStage, ConfigError } from "@forklift/pipeline";
import { refreshStatistics, type Session } from "@forklift/postgres";
import { BalanceCheck } from "../blocks/balance-check.ts";
import { LedgerHashCheck } from "../blocks/ledger-hash-check.ts";
import { type BlockToReplay, readBlocks } from "../blocks/read-blocks.ts";
import { type BatchTools, replayBatch } from "../blocks/replay-batch.ts";
import { Timings } from "../blocks/timings.ts";
import { CheckpointTiming } from "../checkpoint/checkpoint-timing.ts";
import { hasCheckpoint } from "../checkpoint/write-checkpoint.ts";
import type { ReplayerContext } from "../context.ts";
import { REPLAY_DEFAULTS } from "../defaults.ts";
import { ledgerAfter } from "../range/starting-point.ts";
import { findStopBlock } from "../range/stop-block.ts";

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
  /** A replay that did not end has left the accounts' tables without indexes and foreign keys. */
  readonly lacksIndexes: boolean;
}

/** The last replayed block. */
type Cursor = BlockMark;

interface Tools extends BatchTools, AsyncDisposable {
  readonly context: ReplayerContext;
  readonly tree: LedgerTree;
  /** Null on one thread: whoever applies a block computes its receipts. */
  readonly receipts: ReceiptThread | null;
  readonly blocks: AsyncGenerator<BlockToReplay, undefined>;
  readonly rowIds: RowIds;
  readonly batchSize: BatchSize;
  readonly checkpoints: CheckpointTiming;
  readonly timings: Timings;
  /** Whether the last batch builds the indexes and foreign keys of the accounts' tables. */
  readonly lacksIndexes: boolean;
}

export const replayCommands: BatchStage<ReplayerContext, Session, Plan, Cursor, Tools> = {
  id: "replay-commands",
  kind: "batches",

  async plan(context) {
    const { target, checkpoints, network } = context;
    const tip = await findStopBlock(context);
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
    const lacksIndexes = await lacksAccountIndexes(target);
    return { tip, lastRecorded, hasCheckpointOfTip, lacksIndexes };
  },

  /** Without a mark, as after the restore of a dump, the rows themselves show where to start. */
  resume({ tip, lastRecorded, hasCheckpointOfTip, lacksIndexes }, mark) {
    const last = parseBlockMark("replay-commands", mark) ?? cursorAt(lastRecorded);
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
    if (last.stateHash === tip.stateHash && hasCheckpointOfTip && !lacksIndexes) {
      return { skip: `every block up to height ${tip.height} has been replayed already` };
    }
    return last;
  },

  async open(context, plan, cursor) {
    const { tip } = plan;
    const replayed = await findCursorBlock(context.target, cursor);
    const timings = new Timings(context.now);
    const ledger = await timings.timed("starting", () => ledgerAfter(context, replayed));
    timings.begin();
    // Nothing reads the target yet: the reader of the next blocks would wait for the locks.
    const lacksIndexes = plan.lacksIndexes || (await goesWithoutIndexes(context, replayed, tip));
    const tree = openLedgerTree(ledger, context.threads);
    const receipts = context.threads > 1 ? new ReceiptThread(ledger) : null;
    const blocks = readBlocks(
      { target: context.targetReader, balances: context.balances, receipts },
      { from: replayed.height + 1n, to: tip.height },
    );
    const checkpoints = new CheckpointTiming(context, ledger, tree, replayed.height);
    return {
      context,
      ledger,
      tree,
      receipts,
      blocks,
      ledgerHashes: new LedgerHashCheck(tree, context.network.ledgerHashExceptions),
      balances: new BalanceCheck(ledger),
      rowIds: new RowIds(),
      batchSize: new BatchSize({
        min: BATCH_BLOCKS_MIN,
        max: BATCH_BLOCKS_MAX,
        targetMs: BATCH_TARGET_MS,
      }),
      checkpoints,
      timings,
      lacksIndexes,
      timed: timings.timed,
      async [Symbol.asyncDispose]() {
        await blocks.return(undefined);
        // What ended the stage is reported; one that is being written is finished, or has failed as well.
        await checkpoints.settle().catch(() => undefined);
        await receipts?.[Symbol.asyncDispose]();
        await tree[Symbol.asyncDispose]();
      },
    };
  },

  /** While rows are written, the tree is hashed on its thread and the next blocks are read. */
  async run(tx, tools, { tip }, cursor) {
    const { context, ledgerHashes, rowIds, batchSize, checkpoints, timed, timings } = tools;
    const startedMs = context.now();
    const replayed = await replayBatch(tools, BigInt(cursor.height) + 1n, {
      to: least(checkpoints.nextHeight, tip.height),
      blocksMax: batchSize.size,
      commandsMax: BATCH_COMMANDS_MAX,
    });
    const { accessed, created } = replayed;
    const rowCount = await timed("writing", () => writeAccounts(tx, rowIds, accessed, created));
    await timed("hashing", () => ledgerHashes.settle());
    batchSize.adapt(replayed.blockCount, context.now() - startedMs);
    timings.count(replayed);

    const last = replayed.last ?? tip;
    const isLast = last.height === tip.height;
    if (isLast && tools.lacksIndexes) await timed("writing", () => buildAccountIndexes(tx));
    if (isLast) await refreshStatistics(tx);
    // Beside the batches that follow: a kill loses at most this one, and the next run starts from an older
    // one and the rows. That of the tip is written before the batch commits: a crash in between leaves it
    // ahead of the accounts, which the next run passes over and writes again; the other order could lose it.
    if (isLast || checkpoints.isDue(last.height)) {
      await timed("checkpoints", () => checkpoints.begin(last));
    }
    if (isLast) await timed("checkpoints", () => checkpoints.settle());
    return {
      cursor: cursorAt(last),
      isLast,
      rowCount,
      progress: { done: last.height, total: tip.height, unit: "blocks" },
    };
  },

  async interrupted({ context, checkpoints }, _plan, cursor) {
    await checkpoints.writeUnlessWritten(await findCursorBlock(context.target, cursor));
  },

  summary({ ledgerHashes, balances, checkpoints, timings, tree, receipts, context }) {
    return {
      details: {
        ledgerHashesCompared: ledgerHashes.compared,
        ledgerHashExceptionsUsed: ledgerHashes.exceptionsUsed,
        ...(context.balances === null ? {} : balances.counts),
        checkpointsWritten: checkpoints.written,
      },
      measured: { ...timings.figures([tree, receipts]) },
    };
  },

  /** The official replayer's own checks, as queries of the tables rather than of the ledger. */
  async verify({ target }) {
    const found = await countRecordedAccounts(target);
    return [
      {
        name: "accounts created but not accessed",
        expected: "0",
        actual: found.createdNotAccessed,
      },
      {
        name: "accounts in ledger order",
        expected: String(found.ledgerLength),
        actual: found.accounts,
      },
      {
        name: "indexes and foreign keys missing",
        expected: "0",
        actual: String((await missingAccountIndexes(target)).length),
      },
    ];
  },
};

/**
 * Drops the indexes of the accounts' tables where many blocks are to be replayed: building them anew takes
 * the time of all rows, those of blocks that have been replayed already included.
 */
async function goesWithoutIndexes(
  { target, inform, ...context }: ReplayerContext,
  replayed: TargetBlock,
  tip: TargetBlock,
): Promise<boolean> {
  const left = tip.height - replayed.height;
  const leastBlocks = context.indexesLastFromBlocks ?? REPLAY_DEFAULTS.indexesLastFromBlocks;
  if (left < leastBlocks || left <= replayed.height) return false;
  const isDropped = await dropAccountIndexes(target);
  inform?.(
    isDropped
      ? "the accounts' tables go without indexes and foreign keys, which are built after the last block"
      : "the accounts' tables keep indexes and foreign keys: another session uses them, or they are another role's",
  );
  return isDropped;
}

/** @throws ConfigError when the target does not hold the block that a progress mark names. */
async function findCursorBlock(target: Session, cursor: Cursor): Promise<TargetBlock> {
  const block = await targetBlockAt(target, BigInt(cursor.height));
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
