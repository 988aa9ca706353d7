// Where the target stands.

import { type BlockRef, FormatError, parseStateHash, type StateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
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

function refOf({ height, state_hash }: { height: string; state_hash: string }): BlockRef {
  try {
    return { height: BigInt(height), stateHash: parseStateHash(state_hash) };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new ConfigError(`the target's block at height ${height} was changed: ${cause.message}`, {
      cause,
      hint: "start again from an empty target, or restore an older set",
    });
  }
}

export async function targetBlockAt(target: Session, height: bigint): Promise<BlockRef | null> {
  const [row] = await target.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks where height = $1",
    [height],
  );
  return row === undefined ? null : refOf(row);
}
