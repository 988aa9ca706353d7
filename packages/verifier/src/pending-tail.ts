// The pending blocks that end the chain of an archive which others have made: no block of their protocol was ever built
// on them.

import type { BlockRef } from "@forklift/chain";
import type { Session } from "@forklift/postgres";

/** Blocks that an archive node waits for until it calls one canonical that has so many on top. */
const FINALITY_BLOCKS = 290n;

/** The last blocks of a chain, which are pending and may be. */
export interface PendingTail {
  readonly fromHeight: bigint;
  readonly ids: readonly number[];
}

/**
 * From the tip down the blocks that are pending and may be, without a gap: no block of its protocol is ever built on
 * the last ones before a fork. Null when the tip is not pending.
 */
export async function readPendingTail(target: Session, tip: BlockRef): Promise<PendingTail | null> {
  const rows = await target.query<{ id: number; height: string }>(
    `with recursive tail as (
       select id, height, parent_hash, chain_status::text as status from blocks
       where state_hash = $1 and height = $2
       union all
       select parent.id, parent.height, parent.parent_hash, parent.chain_status::text
       from tail join blocks parent
         on parent.state_hash = tail.parent_hash and parent.height = tail.height - 1
       where tail.status = 'pending' and parent.height > $2 - $3::bigint
     )
     select id, height from tail where status = 'pending' order by height`,
    [tip.stateHash, tip.height, FINALITY_BLOCKS],
  );
  const [lowest] = rows;
  if (lowest === undefined) return null;
  return { fromHeight: BigInt(lowest.height), ids: rows.map(({ id }) => id) };
}
