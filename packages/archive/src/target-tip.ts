// Where the target stands.

import { type BlockRef, parseStateHash, type StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";

/** The highest migrated block; null for a target without blocks. */
export async function readTargetTip(target: Session): Promise<BlockRef | null> {
  const [row] = await target.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks order by height desc limit 1",
  );
  return row === undefined ? null : refOf(row);
}

export async function findTargetBlock(
  target: Session,
  stateHash: StateHash,
): Promise<BlockRef | null> {
  const [row] = await target.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks where state_hash = $1",
    [stateHash],
  );
  return row === undefined ? null : refOf(row);
}

function refOf(row: { height: string; state_hash: string }): BlockRef {
  return { height: BigInt(row.height), stateHash: parseStateHash(row.state_hash) };
}

export async function targetBlockAt(target: Session, height: bigint): Promise<BlockRef | null> {
  const [row] = await target.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks where height = $1",
    [height],
  );
  return row === undefined ? null : refOf(row);
}
