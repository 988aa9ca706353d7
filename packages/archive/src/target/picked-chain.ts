// The chain that was picked from block files, in the working schema of a target: picked from its tip
// down, read from its lowest block up.

import type { BlockRef, StateHash } from "@forklift/chain";
import { relationExists, type Session } from "@forklift/postgres";

/** Rows of a page: some 100 kB. */
const PAGE_ROWS = 1000;

export async function createPickedChain(target: Session): Promise<void> {
  await target.query(
    `create table if not exists forklift.picked_chain (
       height bigint primary key,
       state_hash text not null
     )`,
  );
}

/** Whether a picked chain, begun or whole, stands in the target. */
export async function hasPickedChain(target: Session): Promise<boolean> {
  return await relationExists(target, "forklift.picked_chain");
}

/** Blocks that stand there already stay as they are: they were picked by the same links. */
export async function writePickedChain(tx: Session, blocks: readonly BlockRef[]): Promise<void> {
  await tx.query(
    `insert into forklift.picked_chain (height, state_hash)
     select * from unnest($1::bigint[], $2::text[]) on conflict do nothing`,
    [blocks.map(({ height }) => height), blocks.map(({ stateHash }) => stateHash)],
  );
}

/** Where an interrupted picking goes on; null of an empty one. */
export async function lowestPicked(target: Session): Promise<BlockRef | null> {
  return await pickedEnd(target, "order by height limit 1");
}

export async function highestPicked(target: Session): Promise<BlockRef | null> {
  return await pickedEnd(target, "order by height desc limit 1");
}

/** The picked block at a height; null above and below them. */
export async function pickedBlockAt(target: Session, height: bigint): Promise<BlockRef | null> {
  const [row] = await target.query<Row>(`${SELECT} where height = $1`, [height]);
  return row === undefined ? null : blockRef(row);
}

/** The height of a picked block; null for any other. */
export async function pickedHeightOf(target: Session, stateHash: string): Promise<bigint | null> {
  const [row] = await target.query<Row>(`${SELECT} where state_hash = $1`, [stateHash]);
  return row === undefined ? null : BigInt(row.height);
}

/** In ascending height, in constant memory; between two pages the session is free for others. */
export async function* pickedBlocks(target: Session, above: bigint): AsyncGenerator<BlockRef> {
  for (let last = above; ; ) {
    const rows = await target.query<Row>(`${SELECT} where height > $1 order by height limit $2`, [
      last,
      PAGE_ROWS,
    ]);
    for (const row of rows) yield blockRef(row);
    if (rows.length < PAGE_ROWS) return;
    last = BigInt(rows.at(-1)!.height);
  }
}

export async function countPicked(target: Session): Promise<bigint> {
  const [row] = await target.query<{ count: string }>("select count(*) from forklift.picked_chain");
  return BigInt(row!.count);
}

/** When its run has ended, or another chain is to be picked. */
export async function removePickedChain(tx: Session): Promise<void> {
  await tx.query("drop table if exists forklift.picked_chain");
}

interface Row {
  readonly height: string;
  readonly state_hash: StateHash;
}

const SELECT = "select height, state_hash from forklift.picked_chain";

async function pickedEnd(target: Session, order: string): Promise<BlockRef | null> {
  const [row] = await target.query<Row>(`${SELECT} ${order}`);
  return row === undefined ? null : blockRef(row);
}

function blockRef({ height, state_hash: stateHash }: Row): BlockRef {
  return { height: BigInt(height), stateHash };
}
