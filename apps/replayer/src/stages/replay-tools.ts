// What a replay works with from its first block to its last: the ledger and its tree, the blocks that are
// read ahead, the checkpoints.

import {
  type BlockMark,
  branchesAbove,
  RowIds,
  type TargetBlock,
  targetBlockAt,
} from "@forklift/archive";
import { type Ledger, type LedgerTree, openLedgerTree, ReceiptThread } from "@forklift/ledger";
import { BatchSize, ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type BlockToReplay, readBlocks } from "../batches/read-blocks.ts";
import type { BatchTools } from "../batches/replay-batch.ts";
import { BalanceCheck } from "../blocks/balance-check.ts";
import { LedgerHashCheck } from "../blocks/ledger-hash-check.ts";
import { Timings } from "../blocks/timings.ts";
import { CheckpointTiming } from "../checkpoint/checkpoint-timing.ts";
import type { ReplayerContext } from "../context.ts";
import { ledgerAfter } from "../range/starting-point.ts";

/** One transaction: what a crash can undo, and what an operator waits for after SIGTERM. */
const BATCH_TARGET_MS = 1_000;

const BATCH_BLOCKS_MIN = 50;
const BATCH_BLOCKS_MAX = 1_000;

/** The last replayed block. */
export interface Cursor extends BlockMark {
  /** Missing where the ledger hash of every block up to there was compared, as far as the mark knows. */
  readonly comparedSome?: true;
}

export interface ReplayTools extends BatchTools, AsyncDisposable {
  readonly context: ReplayerContext;
  readonly tree: LedgerTree;
  /** Null on one thread: whoever applies a block computes its receipts. */
  readonly receipts: ReceiptThread | null;
  readonly blocks: AsyncGenerator<BlockToReplay, undefined>;
  /** Whether those come with the branches that begin at them. */
  readonly withBranches: boolean;
  readonly rowIds: RowIds;
  readonly batchSize: BatchSize;
  readonly checkpoints: CheckpointTiming;
  readonly timings: Timings;
}

/** Where a replay, or the repetition of a batch, begins. */
export interface Start {
  readonly replayed: TargetBlock;
  readonly ledger: Ledger;
  readonly timings: Timings;
  /** Whether the branches that begin at a block are replayed together with it. */
  readonly withBranches: boolean;
}

export async function startAfter(context: ReplayerContext, cursor: Cursor): Promise<Start> {
  const replayed = await findCursorBlock(context.target, cursor);
  const timings = new Timings(context.now);
  const ledger = await timings.timed("starting", () => ledgerAfter(context, replayed));
  // Where some branches are recorded, replay-branches finds those that are left.
  const { hasBlocks, hasRecorded } = await branchesAbove(context.target, replayed.height);
  timings.begin();
  return { replayed, ledger, timings, withBranches: hasBlocks && !hasRecorded };
}

/** @param to the height that the replay ends with. */
export function openTools(
  context: ReplayerContext,
  { replayed, ledger, timings, withBranches }: Start,
  to: bigint,
): ReplayTools {
  const tree = openLedgerTree(ledger, context.threads);
  const receipts = context.threads > 1 ? new ReceiptThread(ledger) : null;
  const blocks = readBlocks(
    {
      target: context.targetReader,
      balances: context.balances,
      pauseSource: context.pauseSource,
      receipts,
      withBranches,
    },
    { from: replayed.height + 1n, to },
  );
  const checkpoints = new CheckpointTiming(context, ledger, tree, replayed.height);
  return {
    context,
    ledger,
    tree,
    receipts,
    blocks,
    withBranches,
    ledgerHashes: new LedgerHashCheck(
      tree,
      context.network.ledgerHashExceptions,
      context.blocksPerLedgerHash,
    ),
    balances: new BalanceCheck(ledger),
    rowIds: new RowIds(),
    batchSize: new BatchSize({
      min: BATCH_BLOCKS_MIN,
      max: BATCH_BLOCKS_MAX,
      targetMs: BATCH_TARGET_MS,
    }),
    checkpoints,
    timings,
    timed: timings.timed,
    async [Symbol.asyncDispose]() {
      await blocks.return(undefined);
      // What ended the stage is reported; one that is being written is finished, or has failed as well.
      await checkpoints.settle().catch(() => undefined);
      await receipts?.[Symbol.asyncDispose]();
      await tree[Symbol.asyncDispose]();
    },
  };
}

/** @throws ConfigError when the target does not hold the block that a progress mark names. */
export async function findCursorBlock(target: Session, cursor: Cursor): Promise<TargetBlock> {
  const block = await targetBlockAt(target, BigInt(cursor.height));
  if (block?.stateHash === cursor.stateHash) return block;
  throw new ConfigError(
    `the progress mark of replay-commands names block ${cursor.stateHash} at height ` +
      `${cursor.height}, the target has ${block?.stateHash ?? "none"} there`,
    { hint: "the target was changed by another program; start again from an empty target" },
  );
}

export function cursorAt({ height, stateHash }: Pick<TargetBlock, "height" | "stateHash">): Cursor {
  return { height: String(height), stateHash };
}
