// The source's rows of the target's chain, each found by its state hash: where links of the source were healed, its
// parent hashes do not lead along the chain.

import { least } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { Tip } from "../context.ts";

/** Heights that are asked for at once. */
const HEIGHTS_PER_PAGE = 1_000n;

/** Of a block that the source has in several rows, the one that it calls canonical. */
const IDS = `
  select distinct on (state_hash) state_hash, id from blocks where state_hash = any($1)
  order by state_hash, (chain_status::text = 'canonical') desc nulls last, id`;

/** The source's ids by height above that one; 0 where it lacks the block. */
export async function findByHash(
  { source, target }: { readonly source: Session; readonly target: Session },
  tip: Tip,
  above: bigint,
): Promise<Int32Array> {
  const ids = new Int32Array(Number(tip.height - above));
  for (let from = above + 1n; from <= tip.height; from += HEIGHTS_PER_PAGE) {
    const blocks = await target.query<{ height: string; state_hash: string }>(
      `select height, state_hash from blocks
       where chain_status = 'canonical' and height between $1 and $2`,
      [from, least(from + HEIGHTS_PER_PAGE - 1n, tip.height)],
    );
    const hashes = blocks.map(({ state_hash }) => state_hash);
    const rows = await source.query<{ id: number; state_hash: string }>(IDS, [hashes]);
    const idOf = new Map(rows.map(({ state_hash, id }) => [state_hash, id]));
    for (const { height, state_hash } of blocks) {
      ids[Number(BigInt(height) - above - 1n)] = idOf.get(state_hash) ?? 0;
    }
  }
  return ids;
}
