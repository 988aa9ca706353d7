// What the source says of the links between its blocks, whatever their status: a chain is found among them where
// the statuses, or single links, are damaged.

import type { Session } from "@forklift/postgres";
import type { SourceStatus } from "./chain-status.ts";

/** As the source has it: a hash need not be one, and a block may have several rows. */
export interface SourceLink {
  readonly height: bigint;
  readonly stateHash: string;
  readonly parentHash: string | null;
  readonly status: SourceStatus;
}

/** The rows at some heights, in no order. */
export async function readSourceLinks(
  source: Session,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<SourceLink[]> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string | null;
    status: SourceStatus;
  }>(
    `select height, state_hash, parent_hash, chain_status::text as status from blocks
     where height between $1 and $2 and state_hash is not null`,
    [from, to],
  );
  return rows.map((row) => ({
    height: BigInt(row.height),
    stateHash: row.state_hash,
    parentHash: row.parent_hash,
    status: row.status,
  }));
}
