// What an earlier run has proven of a target, and how to notice that somebody has changed it since.
//
// PostgreSQL keeps with every row the number of the transaction that wrote it. The count of the rows
// and the sum of those numbers take one plain scan and change with every update, delete and insert, so
// untouched tables are known at a fraction of what their digests cost. What a row says also depends on its
// table: a column that is added with a default has that value in rows which nobody has written. So the table's
// shape counts, too. Where anything differs for any table, the digests of all decide.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import { quoteLiteral, type Session } from "@forklift/postgres";
import type { TableDigests } from "./table-digests.ts";
import {
  type AgeRange,
  ageOf,
  EMPTY_TABLES,
  FILLED_TABLES,
  type FilledTable,
  whereAge,
} from "./tables.ts";

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
  /** A digest of all of the table by which its rows are read: `shapeSql`. */
  readonly shape: string;
}

/**
 * To be remembered together with the digests.
 * @param older versions of the rows up to their last, which are not read again.
 */
export async function readVersions(target: Session, older?: TableVersions): Promise<TableVersions> {
  const versions: Record<string, TableVersion> = {};
  for (const table of FILLED_TABLES) {
    const known = older?.[table];
    const range = known === undefined ? {} : { above: known.last };
    versions[table] = together(known, await readVersion(target, table, range));
  }
  return versions;
}

/** As they are now, of the rows up to where these end. Read once for all callers. */
export function versionsUpTo(known: TableVersions): (target: Session) => Promise<TableVersions> {
  let read: Promise<TableVersions> | undefined;
  return (target) => {
    read ??= readVersionsUpTo(target, known);
    return read;
  };
}

/** As they are now, of the rows up to where these end. */
export async function readVersionsUpTo(
  target: Session,
  known: TableVersions,
): Promise<TableVersions> {
  const versions: Record<string, TableVersion> = {};
  for (const table of FILLED_TABLES) {
    const { last } = known[table]!;
    // The last one may be gone, and what is above it is still newer.
    versions[table] = { ...(await readVersion(target, table, { upTo: last })), last };
  }
  return versions;
}

function together(older: TableVersion | undefined, newer: TableVersion): TableVersion {
  if (older === undefined) return newer;
  return {
    ...newer,
    last: Math.max(older.last, newer.last),
    rows: String(BigInt(older.rows) + BigInt(newer.rows)),
    sum: String(BigInt(older.sum) + BigInt(newer.sum)),
  };
}

async function readVersion(
  target: Session,
  table: FilledTable,
  range: AgeRange,
): Promise<TableVersion> {
  const where = whereAge(table, range);
  const [row] = await target.query<TableVersion>(`${versionSql(table, table)} ${where}`);
  return row!;
}

/** @param relation the table as the statement names it. */
function versionSql(table: FilledTable, relation: string): string {
  return `select coalesce(max(${ageOf(table)}), 0) as last, count(*) as rows,
            coalesce(sum(t.xmin::text::bigint), 0)::text as sum, ${shapeSql(table)} as shape
     from ${relation} t`;
}

/**
 * The table itself, for one may be renamed to another's name; its columns, those that were dropped among them, with
 * types and with the values that older rows have by a default; and the labels of its enums. Each changes what rows
 * say and leaves them unwritten. What rewrites a table, as a change of a type, writes its rows anew.
 */
function shapeSql(table: FilledTable): string {
  return `(select md5(concat_ws('|', c.oid,
      (select string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attisdropped,
                                   a.attgenerated, a.atthasmissing, a.attmissingval), '|' order by a.attnum)
       from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0),
      (select string_agg(concat_ws(' ', e.oid, e.enumlabel), '|' order by a.attnum, e.enumsortorder)
       from pg_catalog.pg_attribute a join pg_catalog.pg_enum e on e.enumtypid = a.atttypid
       where a.attrelid = c.oid)))
    from pg_catalog.pg_class c where c.oid = 'public.${table}'::regclass)`;
}

/**
 * A query for psql, of one row: `written` names the tables that hold other rows than those that were proven,
 * empty when none does. Rows above the proven ones count, too.
 */
export function writtenTablesSql(versions: TableVersions): string {
  const filled = FILLED_TABLES.map((table) => {
    const { last, rows, sum, shape } = versions[table]!;
    return (
      `select '${table}' where not exists (select from (${versionSql(table, `public.${table}`)}) v ` +
      `where v.last = ${BigInt(last)} and v.rows = ${BigInt(rows)} and v.sum = '${BigInt(sum)}' and v.shape = ${quoteLiteral(shape)})`
    );
  });
  const empty = EMPTY_TABLES.map(
    (table) => `select '${table}' where exists (select from public.${table})`,
  );
  return (
    "select coalesce(string_agg(name, ', '), '') as written from (\n" +
    `${[...filled, ...empty].join("\nunion all\n")}\n) as differing (name)`
  );
}
