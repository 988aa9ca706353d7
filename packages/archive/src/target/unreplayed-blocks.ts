// Blocks with commands, whose accounts only a replay records: how many there are, and whether some are left.

import type { StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";

/** In SQL, of the alias `b` of a block: a block without commands touches no account. */
export const HAS_COMMANDS = `(exists (select from blocks_user_commands c where c.block_id = b.id)
  or exists (select from blocks_internal_commands c where c.block_id = b.id))`;

/** Likewise: whether the accounts of the block are recorded. */
export const IS_RECORDED = "exists (select from accounts_accessed a where a.block_id = b.id)";

/** How many canonical blocks in (above, upTo] have commands. */
export async function countBlocksWithCommands(
  target: Session,
  { above, upTo }: { readonly above: bigint; readonly upTo: bigint },
): Promise<bigint> {
  const [row] = await target.query<{ count: string }>(
    `select count(*) as count from blocks b
     where b.height > $1 and b.height <= $2 and b.chain_status = 'canonical' and ${HAS_COMMANDS}`,
    [above, upTo],
  );
  return BigInt(row!.count);
}

/**
 * The height of the highest block with recorded accounts, when blocks with commands stand above it: there a
 * replay goes on. Null when nothing is left to replay, or nothing is recorded at all. The status is a text, since a
 * changed target may lack the label.
 */
export async function unfinishedReplayHeight(target: Session): Promise<bigint | null> {
  const [recorded] = await target.query<{ height: string }>(
    `select recorded.height
     from (select height from blocks
           where chain_status::text = 'canonical'
             and exists (select from accounts_accessed where block_id = blocks.id)
           order by height desc limit 1) recorded
     where exists (select from blocks b where b.height > recorded.height
       and b.chain_status::text = 'canonical' and ${HAS_COMMANDS})`,
  );
  return recorded === undefined ? null : BigInt(recorded.height);
}

/**
 * Of the chain that ends in the block: the height of its highest block with recorded accounts, when blocks with
 * commands stand above that one; 0 when none has any. Null when all up to the block is replayed.
 */
export async function unreplayedAbove(
  target: Session,
  stateHash: StateHash,
): Promise<bigint | null> {
  const [row] = await target.query<{ height: string | null; unreplayed: boolean }>(
    // In sets, for while a replay goes on the accounts' tables may be without their indexes.
    `with recursive walk as (
       select id, parent_id, height from blocks where state_hash = $1
       union all
       select b.id, b.parent_id, b.height from walk join blocks b on b.id = walk.parent_id
       where b.height < walk.height
     ), recorded as (
       select max(height) as height from walk where id in (select block_id from accounts_accessed)
     )
     select height,
            exists (select from walk b where b.height > recorded.height and ${HAS_COMMANDS}) as unreplayed
     from recorded`,
    [stateHash],
  );
  const { height, unreplayed } = row!;
  if (height === null) return 0n;
  return unreplayed ? BigInt(height) : null;
}

/** Those of the state hashes whose blocks have no command. */
export async function withoutCommands(
  target: Session,
  stateHashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await target.query<{ state_hash: string }>(
    `select b.state_hash from blocks b where b.state_hash = any($1) and not ${HAS_COMMANDS}`,
    [stateHashes],
  );
  return new Set(rows.map(({ state_hash }) => state_hash));
}
