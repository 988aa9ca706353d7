// Replays the target's commands block by block, proves every ledger hash, and records the accounts
// that each block accessed and created.

import {
  buildAccountIndexes,
  countRecordedAccounts,
  dropAccountIndexes,
  findLastRecorded,
  lacksAccountIndexes,
  missingAccountIndexes,
  parseBlockMark,
  requireMayBuildAccountIndexes,
  type TargetBlock,
  writeAccounts,
} from "@forklift/archive";
import { least } from "@forklift/chain";
import {
  type BatchStage,
  ConfigError,
  throwIfStopped,
  VerificationError,
} from "@forklift/pipeline";
import { refreshStatistics, type Session } from "@forklift/postgres";
import type { BlockToReplay } from "../batches/read-blocks.ts";
import { type BatchLimits, replayBatch } from "../batches/replay-batch.ts";
import { hasCheckpoint } from "../checkpoint/write-checkpoint.ts";
import type { ReplayerContext } from "../context.ts";
import { REPLAY_DEFAULTS } from "../defaults.ts";
import { findStopBlock } from "../range/stop-block.ts";
import {
  type Cursor,
  cursorAt,
  findCursorBlock,
  openTools,
  type ReplayTools,
  startAfter,
} from "./replay-tools.ts";

/** Bounds what is in memory: a command makes some two rows of 0.5 kB. */
const BATCH_COMMANDS_MAX = 20_000;

/** Of a job's replay, whose verification comes after it. */
const COMPARED_SOME =
  "not every ledger hash was compared: forklift verify recomputes that of every block";

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

interface Tools extends ReplayTools {
  /** Whether the last batch builds the indexes and foreign keys of the accounts' tables. */
  readonly lacksIndexes: boolean;
  /** Blocks beside the chain that were replayed with it. */
  branchBlocks: number;
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
    if (lacksIndexes) await requireMayBuildAccountIndexes(target);
    return { tip, lastRecorded, hasCheckpointOfTip, lacksIndexes };
  },

  /** Without a mark, as after the restore of a dump, the rows themselves show where to start. */
  resume({ tip, lastRecorded, hasCheckpointOfTip, lacksIndexes }, mark) {
    const last: Cursor = parseBlockMark("replay-commands", mark) ?? cursorAt(lastRecorded);
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
      const skip = `every block up to height ${tip.height} has been replayed already`;
      return { skip: last.comparedSome === true ? `${skip}; ${COMPARED_SOME}` : skip };
    }
    return last;
  },

  async open(context, { tip, lacksIndexes }, cursor) {
    const start = await startAfter(context, cursor);
    // Nothing reads the target yet: the reader of the next blocks would wait for the locks.
    const goesWithout = lacksIndexes || (await goesWithoutIndexes(context, start.replayed, tip));
    return { ...openTools(context, start, tip.height), lacksIndexes: goesWithout, branchBlocks: 0 };
  },

  /** While rows are written, the tree is hashed on its thread and the next blocks are read. */
  async run(tx, tools, { tip }, cursor) {
    const { context, ledgerHashes, rowIds, batchSize, checkpoints, timed, timings } = tools;
    const startedMs = context.now();
    const limits = {
      to: least(checkpoints.nextHeight, tip.height),
      blocksMax: batchSize.size,
      commandsMax: BATCH_COMMANDS_MAX,
    };
    const { replayed, rowCount } = await namingFirstDifference(tools, cursor, limits, async () => {
      const batch = await replayBatch(tools, BigInt(cursor.height) + 1n, limits);
      const { accessed, created } = batch;
      const rows = await timed("writing", () => writeAccounts(tx, rowIds, accessed, created));
      await timed("hashing", () => ledgerHashes.settle());
      return { replayed: batch, rowCount: rows };
    });
    batchSize.adapt(replayed.blockCount, context.now() - startedMs);
    timings.count(replayed);
    tools.branchBlocks += replayed.branchBlockCount;

    const last = replayed.last ?? tip;
    const isLast = last.height === tip.height;
    // Beside the batches that follow: a kill loses at most this one, and the next run starts from an older
    // one and the rows. That of the tip is written before the batch commits: a crash in between leaves it
    // ahead of the accounts, which the next run passes over and writes again; the other order could lose it.
    const begin = () => timed("checkpoints", () => checkpoints.begin(last, { isLast }));
    if (isLast && tools.lacksIndexes) {
      await timed("writing", () => buildAccountIndexes(tx, begin));
    } else if (isLast || checkpoints.isDue(last.height)) await begin();
    if (isLast) {
      await refreshStatistics(tx);
      await timed("checkpoints", () => checkpoints.settle());
    }
    return {
      cursor: { ...cursorAt(last), ...comparedSome(cursor, context) },
      isLast,
      rowCount,
      progress: { done: last.height, total: tip.height, unit: "blocks" },
    };
  },

  async interrupted({ context, checkpoints }, _plan, cursor) {
    await checkpoints.writeUnlessWritten(await findCursorBlock(context.target, cursor));
  },

  summary({ ledgerHashes, balances, checkpoints, timings, tree, receipts, context, branchBlocks }) {
    return {
      details: {
        ...(branchBlocks === 0 ? {} : { branchBlocks }),
        ledgerHashesCompared: ledgerHashes.compared,
        ...(ledgerHashes.comparesEveryBlock
          ? {}
          : { ledgerHashesLeftToVerification: ledgerHashes.notCompared }),
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
 * A batch that did not compare every block says that one of them differs, and not which: it is repeated from the
 * ledger before it, block by block. The threads and trees of the first ledger end before; what stays of it
 * meanwhile is its accounts, some 280 bytes each (64 MB of mainnet's 228,000).
 * @throws VerificationError at the first block of the batch that differs, StoppedError when a signal comes between
 * two of them: the next run finds the same difference.
 */
async function namingFirstDifference<Result>(
  tools: Tools,
  cursor: Cursor,
  limits: BatchLimits,
  replay: () => Promise<Result>,
): Promise<Result> {
  const { context, ledgerHashes, withBranches } = tools;
  try {
    return await replay();
  } catch (error) {
    if (!(error instanceof VerificationError) || ledgerHashes.comparesEveryBlock) throw error;
    // What is read ahead is of no use any more either, and its sessions are needed.
    await tools[Symbol.asyncDispose]();
    // The batch may have written rows, which its transaction still sees: they are no sign of recorded branches.
    const start = { ...(await startAfter(context, cursor)), withBranches };
    await using repetition = openTools({ ...context, blocksPerLedgerHash: 1 }, start, limits.to);
    const blocks = untilStopped(repetition.blocks, context.signal);
    await replayBatch({ ...repetition, blocks }, BigInt(cursor.height) + 1n, limits);
    await repetition.ledgerHashes.settle();
    throw error;
  }
}

/** What was passed over once stays so, whoever goes on. */
function comparedSome(
  { comparedSome: before }: Cursor,
  { blocksPerLedgerHash }: ReplayerContext,
): Pick<Cursor, "comparedSome"> {
  return before === true || blocksPerLedgerHash > 1 ? { comparedSome: true } : {};
}

async function* untilStopped(
  blocks: AsyncIterable<BlockToReplay>,
  signal: AbortSignal | undefined,
): AsyncGenerator<BlockToReplay, undefined> {
  for await (const block of blocks) {
    if (signal !== undefined) throwIfStopped(signal, "the repetition of a batch that differs");
    yield block;
  }
}

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
      : "the accounts' tables keep indexes and foreign keys: another session uses them, or the role could not build them again",
  );
  return isDropped;
}
