// Copies the chosen chain, blocks with their commands, from the source to the target.

import {
  RowIds,
  readSourceBlocks,
  refreshStatistics,
  type SourceBlock,
  writeBlocks,
} from "@forklift/archive";
import { type BlockRef, least, parseStateHash } from "@forklift/chain";
import { type BatchStage, ConfigError, SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { mergeBlock } from "../merge-block.ts";
import { chooseRange, type MigrationRange } from "../migration-range.ts";
import { protocolStatesOf } from "../protocol-states.ts";
import type { MigratorWorld } from "../world.ts";

/**
 * Bounds one transaction, hence what a crash can undo and what is in memory at once: at most 128
 * commands a block in protocol 1.x, so some 25,000 commands of about 1 kB.
 */
const BATCH_BLOCKS_MAX = 200n;

type Plan = MigrationRange;

/** The last copied block; null before genesis. Heights travel as text, JSON has no bigint. */
type Cursor = { readonly height: string; readonly stateHash: string } | null;

type Tools = Pick<MigratorWorld, "source" | "network" | "blocks"> & { readonly rowIds: RowIds };

export const copyBlocks: BatchStage<MigratorWorld, Session, Plan, Cursor, Tools> = {
  id: "copy-blocks",
  kind: "batches",

  async plan(world) {
    const range = await chooseRange(world, { targetHasSchema: true });
    const { chain, targetTip } = range;
    if (targetTip !== null && targetTip.height >= chain.tip.height) {
      return { skip: `the target stands at height ${targetTip.height} already` };
    }
    return range;
  },

  /** The rows are the truth; a mark that says otherwise means that someone else wrote the target. */
  resume({ targetTip }, mark) {
    const tip = targetTip && cursorAt(targetTip);
    const marked = mark as Cursor;
    if (marked !== null && marked.stateHash !== tip?.stateHash) {
      throw new ConfigError(
        `the progress mark of copy-blocks stands at ${marked.stateHash} (height ${marked.height}), ` +
          `but the target's highest block is ${tip?.stateHash ?? "none"}`,
        { hint: "the target was changed by another program; start again from an empty target" },
      );
    }
    return tip;
  },

  async open({ source, network, blocks }) {
    return { source, network, blocks, rowIds: new RowIds() };
  },

  async run(tx, tools, { chain }, cursor) {
    const from = BigInt(cursor?.height ?? 0) + 1n;
    const to = least(from + BATCH_BLOCKS_MAX - 1n, chain.tip.height);
    const sourceBlocks = await readSourceBlocks(tools.source, chain, { from, to });
    requireLinked(sourceBlocks, { cursor, from, to });

    const merged = [];
    for await (const state of protocolStatesOf(sourceBlocks, tools)) {
      merged.push(mergeBlock(sourceBlocks[merged.length]!, state));
    }
    const rowCount = await writeBlocks(tx, tools.rowIds, merged);
    const isLast = to === chain.tip.height;
    if (isLast) await refreshStatistics(tx);
    return {
      cursor: cursorAt(merged.at(-1)!),
      isLast,
      rowCount,
      progress: { done: to, total: chain.tip.height, unit: "blocks" },
    };
  },

  /** Walks back from the tip by parent id; `run` goes forward by height. */
  async verify({ target }, { chain }) {
    const [row] = await target.query<{ walked: string; oldest: string; stored: string }>(
      `with recursive walk as (
         select height, parent_id from blocks where state_hash = $1
         union all
         select parent.height, parent.parent_id
         from blocks parent join walk on parent.id = walk.parent_id
       )
       select count(*) as walked, min(height) as oldest,
              (select count(*) from blocks where chain_status = 'canonical') as stored
       from walk`,
      [chain.tip.stateHash],
    );
    const expected = String(chain.tip.height);
    return [
      { name: "blocks reached from the tip", expected, actual: row!.walked },
      { name: "canonical blocks stored", expected, actual: row!.stored },
      { name: "oldest height reached", expected: "1", actual: row!.oldest },
    ];
  },
};

function requireLinked(
  blocks: readonly SourceBlock[],
  { cursor, from, to }: { readonly cursor: Cursor; readonly from: bigint; readonly to: bigint },
): void {
  let parentHash = cursor === null ? null : parseStateHash(cursor.stateHash);
  for (let height = from; height <= to; height++) {
    const block = blocks[Number(height - from)];
    if (block?.height !== height) {
      throw new SourceDataError(`the source has no block of the chain at height ${height}`);
    }
    if (parentHash !== null && block.parentHash !== parentHash) {
      throw new SourceDataError(
        `block ${block.stateHash} at height ${height} has parent ${block.parentHash}, expected ` +
          `${parentHash}`,
        { hint: "the source's chain is broken here; patch it, then run again" },
      );
    }
    parentHash = block.stateHash;
  }
}

function cursorAt({ height, stateHash }: BlockRef): NonNullable<Cursor> {
  return { height: String(height), stateHash };
}
