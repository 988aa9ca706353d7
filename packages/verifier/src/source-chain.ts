// The source's side of a comparison: the ancestors of the target's tip, found by parent hash alone.
// The migration goes by height and chain status, so an error there cannot repeat itself here.

import type { Scope } from "./check.ts";
import type { Row } from "./compare-streams.ts";

/**
 * Names `chain`, the blocks from the tip ($1) down to above a height ($2). Heights descend by one,
 * so the walk ends even in a source whose links form a circle.
 */
const CHAIN = `
  with recursive chain as (
    select id, height, parent_hash from blocks where state_hash = $1 and height > $2
    union all
    select parent.id, parent.height, parent.parent_hash
    from chain join blocks parent
      on parent.state_hash = chain.parent_hash and parent.height = chain.height - 1
    where parent.height > $2
  )`;

/** Rows of the source. `select` is a query over `chain (id, height)` and has parameters from $3. */
export function rowsAlongSource(
  { source, tip }: Pick<Scope, "source" | "tip">,
  above: bigint,
  select: string,
  params: readonly unknown[] = [],
): AsyncGenerator<Row> {
  return source.rows<Row>(`${CHAIN} ${select}`, [tip.stateHash, above, ...params]);
}
