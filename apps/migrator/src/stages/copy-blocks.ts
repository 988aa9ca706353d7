// Copies the chosen chain, blocks with their commands, from the source or from block files alone to the target.

import {
  type BlockMark,
  type MigratedBlock,
  missingIndexes,
  parseBlockMark,
  RowIds,
  walkTargetFrom,
  writeBlocks,
  writeHealed,
} from "@forklift/archive";
import { type BlockRef, parseStateHash } from "@forklift/chain";
import { BatchSize, type BatchStage, ConfigError, readAhead } from "@forklift/pipeline";
import { refreshStatistics, type Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { HealedCases } from "../heal/healed-cases.ts";
import { blocksOfOrigin } from "../origin/blocks-of-origin.ts";
import { dropPicked, requirePicked } from "../origin/picked-chain.ts";
import { chooseRange, type MigrationRange } from "../preflight/migration-range.ts";

/**
 * One transaction: what a crash can undo, and what an operator waits for after SIGTERM. Long enough
 * that its commit does not count.
 */
const BATCH_TARGET_MS = 2_000;

/** Blocks of a batch. */
const BATCH_BLOCKS_MIN = 50;
const BATCH_BLOCKS_MAX = 2_000;

/**
 * Bounds what is in memory at once: a command takes about 1 kB. A batch ends with the block that
 * reaches it.
 */
const BATCH_COMMANDS_MAX = 8_000;

/** What is read and verified while a batch is written: the next batch, which is in memory too. */
const COMMANDS_AHEAD_MAX = 8_000;

type Plan = MigrationRange;

/** The last copied block; null before genesis. */
type Cursor = BlockMark | null;

interface Tools extends AsyncDisposable {
  readonly blocks: AsyncGenerator<MigratedBlock>;
  readonly now: () => number;
  readonly batchSize: BatchSize;
  readonly rowIds: RowIds;
  /** Whether this is the first bulk load, into a target without indexes that holds nothing else. */
  readonly isOneChain: boolean;
  readonly healed: HealedCases;
  /** Whether the target keeps a picked chain, which is done with at the end. */
  readonly isPicked: boolean;
}

export const copyBlocks: BatchStage<MigratorContext, Session, Plan, Cursor, Tools> = {
  id: "copy-blocks",
  kind: "batches",

  async plan(context) {
    const range = await chooseRange(context, { targetHasSchema: true });
    const { chain, targetTip } = range;
    if (targetTip !== null && targetTip.height >= chain.tip.height) {
      return { skip: `the target stands at height ${targetTip.height} already` };
    }
    if (context.source === null) {
      await requirePicked(context.target, { tip: chain.tip, above: targetTip });
    }
    return range;
  },

  /** The rows are the truth; a mark that says otherwise means that someone else wrote the target. */
  resume({ targetTip }, mark) {
    const tip = targetTip && cursorAt(targetTip);
    const marked = parseBlockMark("copy-blocks", mark);
    if (marked !== null && marked.stateHash !== tip?.stateHash) {
      throw new ConfigError(
        `the progress mark of copy-blocks stands at ${marked.stateHash} (height ${marked.height}), ` +
          `but the target's highest block is ${tip?.stateHash ?? "none"}`,
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    return tip;
  },

  async open(context, { chain }, cursor) {
    const below = cursor && {
      height: BigInt(cursor.height),
      stateHash: parseStateHash(cursor.stateHash),
    };
    const blocks = readAhead(await blocksOfOrigin(context, chain, below), {
      weightOf: commandCountOf,
      weightMax: COMMANDS_AHEAD_MAX,
    });
    return {
      blocks,
      now: context.now,
      batchSize: new BatchSize({
        min: BATCH_BLOCKS_MIN,
        max: BATCH_BLOCKS_MAX,
        targetMs: BATCH_TARGET_MS,
      }),
      rowIds: new RowIds(),
      isOneChain: (await missingIndexes(context.target)).length > 0,
      healed: new HealedCases(context.warn),
      isPicked: context.source === null,
      async [Symbol.asyncDispose]() {
        await blocks.return(undefined);
      },
    };
  },

  async run(tx, { blocks, now, batchSize, rowIds, isOneChain, healed, isPicked }, { chain }) {
    const batch = await takeBatch(blocks, batchSize.size);
    const startedMs = now();
    const rowCount = await writeBlocks(tx, rowIds, batch, { isOneChain });
    healed.add(await writeHealed(tx, batch));
    batchSize.adapt(batch.length, now() - startedMs);
    const last = batch.at(-1)!;
    const isLast = last.height === chain.tip.height;
    // After a first bulk load, statistics are made together with the indexes.
    if (isLast && !isOneChain) await refreshStatistics(tx);
    if (isLast) healed.tellRest();
    if (isLast && isPicked) await dropPicked(tx);
    return {
      cursor: cursorAt(last),
      isLast,
      rowCount,
      progress: { done: last.height, total: chain.tip.height, unit: "blocks" },
    };
  },

  summary: ({ healed }) => healed.summary(),

  /** Walks back from the tip by parent id; `run` goes forward by height. */
  async verify({ target }, { chain }) {
    const { walked, canonical, lowest } = await walkTargetFrom(target, chain.tip.stateHash);
    const expected = String(chain.tip.height);
    return [
      { name: "blocks reached from the tip", expected, actual: walked },
      { name: "canonical blocks stored", expected, actual: canonical },
      { name: "oldest height reached", expected: "1", actual: String(lowest) },
    ];
  },
};

/** A block without commands is not nothing, either. */
function commandCountOf({ userCommands, internalCommands }: MigratedBlock): number {
  return 1 + userCommands.length + internalCommands.length;
}

async function takeBatch(
  blocks: AsyncGenerator<MigratedBlock>,
  blocksMax: number,
): Promise<readonly MigratedBlock[]> {
  const batch: MigratedBlock[] = [];
  let commandCount = 0;
  while (batch.length < blocksMax && commandCount < BATCH_COMMANDS_MAX) {
    const next = await blocks.next();
    if (next.done === true) break;
    batch.push(next.value);
    commandCount += commandCountOf(next.value);
  }
  return batch;
}

function cursorAt({ height, stateHash }: BlockRef): BlockMark {
  return { height: String(height), stateHash };
}
