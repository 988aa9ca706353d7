// The tip of the source: its highest canonical block, and its highest block that is not orphaned.

import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { statusOf } from "./chain-status.ts";
import { blockRef, type RowOfBlock } from "./source-value.ts";

/** @throws SourceDataError when the source has no canonical block. */
export async function highestCanonical(source: Session): Promise<BlockRef> {
  return await canonicalBlock(source, "order by height desc limit 1");
}

/** The block of that state hash where the source calls it canonical, else as `highestCanonical`. */
export async function canonicalOrHighest(source: Session, stateHash: string): Promise<BlockRef> {
  const order = "order by state_hash = $1 desc, height desc limit 1";
  return await canonicalBlock(source, order, [stateHash]);
}

async function canonicalBlock(
  source: Session,
  order: string,
  params: readonly unknown[] = [],
): Promise<BlockRef> {
  const [row] = await source.query<RowOfBlock>(
    `select height, state_hash from blocks
     where chain_status = 'canonical' and height is not null ${order}`,
    params,
  );
  if (row !== undefined) return blockRef(row);
  throw new SourceDataError(
    `the source ${source.maskedUrl} has no canonical block${await statusesFound(source)}`,
    {
      hint: "give an archive with canonical blocks: this one is empty, or its chain status was never set",
    },
  );
}

const STATUSES_TOLD_MAX = 5;

async function statusesFound(source: Session): Promise<string> {
  const rows = await source.query<{ status: string; count: string }>(
    `select coalesce(to_json(chain_status::text)::text, 'null') as status, count(*) as count
     from blocks group by 1 order by count(*) desc, 1 limit $1`,
    [STATUSES_TOLD_MAX],
  );
  if (rows.length === 0) return ", and no other";
  const told = rows.map(({ status, count }) => `${status} (${count})`).join(", ");
  return `: its blocks have chain_status ${told}, expected "canonical" among them`;
}

/** As the source has it, for a report: its state hash need not be one. */
export interface SourceTip {
  readonly height: bigint;
  readonly stateHash: string;
}

/** The highest canonical or pending block of a source that holds one; of two the one first in order. */
export async function readSourceTip(source: Session): Promise<SourceTip> {
  const [row] = await source.query<RowOfBlock>(
    `select b.height, b.state_hash from blocks b where ${statusOf("b")} <> 'orphaned'
     order by b.height desc, b.state_hash limit 1`,
  );
  return { height: BigInt(row!.height), stateHash: row!.state_hash };
}

/** Null where there is no such block. */
export interface SourceHeights {
  /** Of a canonical or a pending block. */
  readonly highest: bigint | null;
  readonly highestCanonical: bigint | null;
}

export async function readSourceHeights(source: Session): Promise<SourceHeights> {
  const [row] = await source.query<Record<"height" | "canonical", string | null>>(
    `select max(b.height) filter (where ${statusOf("b")} <> 'orphaned') as height,
            max(b.height) filter (where b.chain_status = 'canonical') as canonical
     from blocks b`,
  );
  const heightOf = (text: string | null) => (text === null ? null : BigInt(text));
  return { highest: heightOf(row!.height), highestCanonical: heightOf(row!.canonical) };
}

/** Blocks that are neither canonical nor pending: read from the index of their statuses, whatever their height. */
export async function countOrphaned(source: Session): Promise<number> {
  const rows = await source.query<{ status: string; count: string }>(
    "select coalesce(chain_status::text, 'pending') as status, count(*) as count from blocks group by chain_status",
  );
  const orphaned = rows.filter(({ status }) => status !== "canonical" && status !== "pending");
  return orphaned.reduce((sum, { count }) => sum + Number(count), 0);
}

/** As the server prints them; `lowest` is null when the block is not there. */
export interface WalkedSource {
  readonly walked: string;
  readonly lowest: string | null;
}

/**
 * How many blocks parent hashes lead to from a block, itself included. Heights descend by one, so that the
 * walk ends even where links form a circle.
 */
export async function walkSourceFrom(source: Session, stateHash: string): Promise<WalkedSource> {
  const [row] = await source.query<WalkedSource>(
    `with recursive walk as (
       select parent_hash, height from blocks where state_hash = $1
       union all
       select parent.parent_hash, parent.height
       from blocks parent join walk
         on parent.state_hash = walk.parent_hash and parent.height = walk.height - 1
     )
     select count(*) as walked, min(height) as lowest from walk`,
    [stateHash],
  );
  return row!;
}
