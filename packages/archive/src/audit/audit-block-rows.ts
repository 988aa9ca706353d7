// The audit's questions about single rows of `blocks`, on the chain or beside it: each block once, and of
// a chain status that we know.

import type { Session } from "@forklift/postgres";
import { KNOWN_STATUSES, type SourceStatus, statusInWords } from "../source/chain-status.ts";
import { repeatedBlock } from "../source/source-finding.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

export async function auditBlockRows(
  source: Session,
  options: AuditOptions,
): Promise<readonly Found[]> {
  return [await auditRepeated(source), ...(await auditStatuses(source, options))];
}

/** The unique key on state hashes is gone: whatever is found by one comes twice. */
async function auditRepeated(source: Session): Promise<Found> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    count: string;
    rows: string;
    total: string;
  }>(
    `select min(height) as height, state_hash, min(parent_hash) as parent_hash, count(*) as count,
            string_agg('id ' || id || ': ' || coalesce(chain_status::text, 'null'), ', ' order by id)
              as rows,
            count(*) over () as total
     from blocks group by state_hash having count(*) > 1
     order by 1, state_hash limit $1`,
    [FINDINGS_MAX],
  );
  return foundIn("repeated-block", rows, ({ height, state_hash, parent_hash, count, ...row }) =>
    repeatedBlock({
      height: BigInt(height),
      stateHash: state_hash,
      parentHash: parent_hash,
      rows: `${count} rows in blocks (${row.rows})`,
    }),
  );
}

/**
 * Above the highest canonical block such a row may be where the chain goes on; below, one beside the
 * canonical block of its height does not matter. One in a gap is found with the gap.
 */
async function auditStatuses(
  source: Session,
  { hasEnd = false }: AuditOptions,
): Promise<readonly Found[]> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    chain_status: SourceStatus;
    above: boolean;
    total: string;
  }>(
    `select * from (
       select b.height, b.state_hash, b.parent_hash, b.chain_status::text, b.height > canonical.height as above,
              count(*) over (partition by b.height > canonical.height) as total,
              row_number() over (partition by b.height > canonical.height
                                 order by b.height, b.state_hash) as place
       from blocks b, (select max(height) as height from blocks where chain_status = 'canonical') canonical
       where b.chain_status::text <> all($1)
         and (b.height > canonical.height
              or exists (select from blocks beside
                         where beside.height = b.height and beside.chain_status = 'canonical'))) found
     where place <= $2 order by height, state_hash`,
    [KNOWN_STATUSES, FINDINGS_MAX],
  );
  return [true, false].map((above) =>
    foundIn(
      "chain-status",
      rows.filter((row) => row.above === above),
      ({ height, state_hash, parent_hash, chain_status }) => ({
        height: BigInt(height),
        stateHash: state_hash,
        parentHash: parent_hash,
        fault:
          `block ${state_hash} at height ${height} ${statusInWords(chain_status)}, expected one of ` +
          `${KNOWN_STATUSES.join(", ")}`,
        mend: null,
        stopsMigration: above && !hasEnd,
      }),
    ),
  );
}
