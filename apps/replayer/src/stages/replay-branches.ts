// Replays the blocks beside the chain that have not been replayed together with it: each from where its parent
// left the ledger, with every ledger hash compared and the accounts that it accessed and created recorded.
//
// What is left is found by what is there, not by a mark: an orphan can reach the target long after its height
// was replayed, and then the ledger is taken back to where its branch begins.

import {
  type BlockMark,
  countBranchAccounts,
  parseBlockMark,
  RowIds,
  type TargetBlock,
  targetBlockAt,
  unreplayedBranchBlocks,
  writeAccounts,
} from "@forklift/archive";
import { type LedgerTree, openLedgerTree } from "@forklift/ledger";
import { BatchSize, type BatchStage, ConfigError } from "@forklift/pipeline";
import { refreshStatistics, type Session } from "@forklift/postgres";
import { BalanceCheck } from "../blocks/balance-check.ts";
import { LedgerHashCheck } from "../blocks/ledger-hash-check.ts";
import type { RowsOfBlocks } from "../blocks/rows-of-blocks.ts";
import { Timings } from "../blocks/timings.ts";
import { BranchWalk, type WalkTools } from "../branches/branch-walk.ts";
import { readBranchBlocks } from "../branches/read-branches.ts";
import { type Fork, readForks } from "../branches/read-forks.ts";
import type { ReplayerContext } from "../context.ts";
import { takeRecorded } from "../ledger/rebuild-ledger.ts";
import { ledgerAt } from "../range/ledger-at.ts";
import { findStopBlock } from "../range/stop-block.ts";
import { nodesOf } from "../tree/plan-walk.ts";
import { READ_NODES } from "../tree/read-nodes.ts";

/** One transaction: what a crash can undo, and what an operator waits for after SIGTERM. */
const BATCH_TARGET_MS = 1_000;

/** Blocks of a batch, which ends with the fork point that reaches it. */
const BATCH_BLOCKS_MIN = 50;
const BATCH_BLOCKS_MAX = 1_000;

/** Bounds what is in memory: a row of 0.5 kB. Of a large fork point rows are written before it ends. */
const ROWS_MAX = 20_000;

interface Plan {
  /** Heights of the lowest and the highest fork point. */
  readonly first: bigint;
  readonly last: bigint;
  /** With commands, and without accounts. */
  readonly blocks: bigint;
}

/** The last fork point whose branches were replayed; null before the first. What is left is read from the rows. */
type Cursor = BlockMark | null;

interface Tools extends WalkTools, AsyncDisposable {
  readonly context: ReplayerContext;
  readonly tree: LedgerTree;
  readonly forks: AsyncGenerator<Fork, undefined>;
  readonly rowIds: RowIds;
  readonly batchSize: BatchSize;
  readonly timings: Timings;
  /** The canonical block that the ledger stands at. */
  at: TargetBlock;
  forkPoints: number;
  /** Blocks that were recorded; those without commands are none. */
  branchBlocks: number;
}

export const replayBranches: BatchStage<ReplayerContext, Session, Plan, Cursor, Tools> = {
  id: "replay-branches",
  kind: "batches",

  async plan(context) {
    const { target } = context;
    const left = await unreplayedBranchBlocks(target, (await findStopBlock(context)).height);
    if (left === null) return { skip: "every block beside the chain has been replayed already" };
    const { unlinked, firstFork, lastFork, blocks } = left;
    if (unlinked !== null || firstFork === null || lastFork === null) {
      throw new ConfigError(
        `the target ${target.maskedUrl} has block ${unlinked?.stateHash} at height ${unlinked?.height}, ` +
          "from which no way leads to a canonical block",
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    return { first: firstFork, last: lastFork, blocks };
  },

  resume(_plan, mark) {
    parseBlockMark("replay-branches", mark);
    return null;
  },

  async open(context, { first, last }) {
    const { targetReader, network, threads, now } = context;
    const timings = new Timings(now);
    const at = await canonicalBlock(context, first);
    const upTo = await findStopBlock(context);
    const ledger = await timings.timed("starting", () => ledgerAt(context, at, upTo));
    timings.begin();
    const tree = openLedgerTree(ledger, threads);
    const forks = readForks(targetReader, { from: first, to: last });
    const batchSize = { min: BATCH_BLOCKS_MIN, max: BATCH_BLOCKS_MAX, targetMs: BATCH_TARGET_MS };
    return {
      ...{ context, ledger, tree, forks, timings, at, forkPoints: 0, branchBlocks: 0 },
      // There are few of them; a difference is named at its block.
      ledgerHashes: new LedgerHashCheck(tree, network.ledgerHashExceptions, 1),
      balances: new BalanceCheck(ledger),
      rowIds: new RowIds(),
      batchSize: new BatchSize(batchSize),
      async [Symbol.asyncDispose]() {
        await forks.return(undefined);
        await tree[Symbol.asyncDispose]();
      },
    };
  },

  async run(tx, tools, { blocks }, cursor) {
    const { context, batchSize, ledgerHashes, timings } = tools;
    const startedMs = context.now();
    const batch = new Batch(tx, tools);
    let isLast = false;
    try {
      while (!isLast && batch.blockCount < batchSize.size) {
        const { value: fork } = await timings.timed("reading", () => tools.forks.next());
        if (fork === undefined) break;
        await moveTo(tools, fork.height);
        await batch.replay(fork);
        isLast = fork.isLast;
      }
    } finally {
      // One of a block whose ledger hash is still to come goes before that of a command after it.
      await timings.timed("hashing", () => ledgerHashes.settle());
    }
    await batch.write();
    if (isLast) await refreshStatistics(tx);
    batchSize.adapt(batch.blockCount, context.now() - startedMs);
    timings.count(batch);
    return {
      cursor: batch.blockCount === 0 ? cursor : markOf(tools.at),
      isLast: isLast || batch.blockCount === 0,
      rowCount: batch.rowCount,
      progress: { done: BigInt(tools.branchBlocks), total: blocks, unit: "blocks" },
    };
  },

  summary({ context, forkPoints, branchBlocks, ledgerHashes, balances, timings, tree }) {
    return {
      details: {
        ...{ forkPoints, branchBlocks, ledgerHashesCompared: ledgerHashes.compared },
        ledgerHashExceptionsUsed: ledgerHashes.exceptionsUsed,
        ...(context.balances === null ? {} : balances.counts),
      },
      measured: { ...timings.figures([tree]) },
    };
  },

  async verify(context) {
    const { target } = context;
    const left = await unreplayedBranchBlocks(target, (await findStopBlock(context)).height);
    const found = await countBranchAccounts(target);
    return [
      { name: "blocks left to replay", expected: "0", actual: String(left?.blocks ?? 0n) },
      {
        name: "accounts created but not accessed",
        expected: "0",
        actual: found.createdNotAccessed,
      },
      { name: "accounts at another index", expected: "0", actual: found.misplaced },
    ];
  },
};

/** The branches of whole fork points, within one transaction. */
class Batch {
  readonly #tx: Session;
  readonly #tools: Tools;
  readonly #rows: RowsOfBlocks = { accessed: [], created: [] };
  rowCount = 0;
  blockCount = 0;
  commandCount = 0;

  constructor(tx: Session, tools: Tools) {
    this.#tx = tx;
    this.#tools = tools;
  }

  /** From the fork point, at which the ledger stands, there and back. */
  async replay({ steps, recorded }: Fork): Promise<void> {
    const { context, timings } = this.#tools;
    const reader = { target: context.targetReader, balances: context.balances };
    const nodes = nodesOf(steps);
    const walk = new BranchWalk(this.#tools);
    let read: Awaited<ReturnType<typeof readBranchBlocks>> = [];
    let next = 0;
    for (const step of steps) {
      if (step.kind === "roll-back") {
        await walk.rollBackTo(step.depth);
        continue;
      }
      if (next % READ_NODES === 0) {
        const page = nodes.slice(next, next + READ_NODES);
        read = await timings.timed("reading", () => readBranchBlocks(reader, page, recorded));
        if (this.#rows.accessed.length >= ROWS_MAX) await this.write();
      }
      const block = read[next % READ_NODES]!;
      next += 1;
      await walk.apply(block, this.#rows);
      this.blockCount += 1;
      this.commandCount += block.block.commands.length;
      if (!block.isRecorded && block.block.commands.length > 0) this.#tools.branchBlocks += 1;
    }
    this.#tools.forkPoints += 1;
  }

  async write(): Promise<void> {
    const { rowIds, timings } = this.#tools;
    const { accessed, created } = this.#rows;
    this.rowCount += await timings.timed("writing", () =>
      writeAccounts(this.#tx, rowIds, accessed, created),
    );
    accessed.length = 0;
    created.length = 0;
  }
}

/** Along the chain, by what its blocks recorded; the hash of what comes of it is compared with the others. */
async function moveTo(tools: Tools, height: bigint): Promise<void> {
  const { context, ledger, ledgerHashes, timings } = tools;
  if (height === tools.at.height) return;
  const to = await canonicalBlock(context, height);
  await timings.timed("reading", () =>
    takeRecorded(context.targetReader, ledger, { from: tools.at.height, to }),
  );
  await ledgerHashes.applied(to);
  tools.at = to;
}

async function canonicalBlock(
  { targetReader }: ReplayerContext,
  height: bigint,
): Promise<TargetBlock> {
  const block = await targetBlockAt(targetReader, height);
  if (block !== null) return block;
  throw new ConfigError(
    `the target ${targetReader.maskedUrl} has no canonical block at height ${height} any more`,
    { hint: "another program writes to the target: end it, then run again" },
  );
}

function markOf({ height, stateHash }: TargetBlock): BlockMark {
  return { height: String(height), stateHash };
}
