// What an earlier run has proven of a target, and how to notice that somebody has changed it since.
//
// PostgreSQL keeps with every row the number of the transaction that wrote it. The count of the rows
// and the sum of those numbers take one plain scan and change with every update, delete and insert, so
// an untouched table is known at a fraction of what its digest costs. Where they differ, as they do in a
// restored dump, the digest itself decides.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { TableDigests } from "./table-digests.ts";
import { ageOf, FILLED_TABLES, type FilledTable, whereAge } from "./tables.ts";

export interface ProvenPart extends BlockRef {
  readonly ledgerHash: LedgerHash;
  /** Of every filled table as it stood then. */
  readonly digests: TableDigests;
  readonly versions: TableVersions;
}

export type TableVersions = Readonly<Record<string, TableVersion>>;

export interface TableVersion {
  /** The greatest id, or block id, that the table had. */
  readonly last: number;
  readonly rows: string;
  /** Of the numbers of the transactions that wrote them. */
  readonly sum: string;
}

/** To be remembered together with the digests. */
export async function readVersions(target: Session): Promise<TableVersions> {
  const versions: Record<string, TableVersion> = {};
  for (const table of FILLED_TABLES) versions[table] = await readVersion(target, table);
  return versions;
}

export async function readVersion(
  target: Session,
  table: FilledTable,
  upTo?: number,
): Promise<TableVersion> {
  const where = upTo === undefined ? "" : whereAge(table, { upTo });
  const [row] = await target.query<TableVersion>(
    `select coalesce(max(${ageOf(table)}), 0) as last, count(*) as rows,
            coalesce(sum(t.xmin::text::bigint), 0)::text as sum
     from ${table} t ${where}`,
  );
  return row!;
}
