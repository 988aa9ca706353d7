// What an earlier run has proven of a target, and how to notice that somebody has changed it since.
//
// PostgreSQL keeps with every row the number of the transaction that wrote it. The count of the rows
// and the sum of those numbers take one plain scan and change with every update, delete and insert, so
// untouched tables are known at a fraction of what their digests cost. What a row says also depends on its
// table: a column that is added with a default has that value in rows which nobody has written. So the table's
// shape counts, too. Where anything differs for any table, the digests of all decide.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import { quoteLiteral, type Session } from "@forklift/postgres";
import type { RestsOn } from "./rests-on.ts";
import { digestTable, digestWithout, type TableDigests } from "./table-digests.ts";
import {
  type AgeRange,
  ageOf,
  BLOCK_TABLES,
  EMPTY_TABLES,
  FILLED_TABLES,
  type FilledTable,
  whereAge,
} from "./tables.ts";

/** Ids are PostgreSQL's integers. */
const MAX_ID = 2_147_483_647;

export interface ProvenPart extends BlockRef {
  readonly ledgerHash: LedgerHash;
  /** Of every filled table as it stood then. */
  readonly digests: TableDigests;
  readonly versions: TableVersions;
  /** What of it may still change; absent where there is nothing. */
  readonly unsettled?: Unsettled;
  /** What its columns rest on besides the chain; absent where an earlier forklift has not told it. */
  readonly restsOn?: RestsOn;
}

/**
 * Blocks beside the chain whose status a later run may change: they are pending, or stand above the proven
 * block. Their rows were proven like the others, and are looked at again as if they were new.
 */
export interface Unsettled {
  /** Serial ids of the target; some hundreds, as many as an archive has pending blocks. */
  readonly blockIds: readonly number[];
  /** Of their rows alone, by table that hangs on blocks. */
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

/** The rows of a table that are not settled by what was proven; all of them where nothing was. */
export function newRows(table: FilledTable, proven: ProvenPart | null): AgeRange {
  const known = proven?.versions[table];
  return known === undefined ? {} : { above: known.last, newer: idsOf(proven!) };
}

/** The others. */
export function settledRows(table: FilledTable, proven: ProvenPart): AgeRange {
  return { upTo: proven.versions[table]!.last, newer: idsOf(proven) };
}

function idsOf({ unsettled }: Pick<ProvenPart, "unsettled">): readonly number[] {
  return unsettled?.blockIds ?? [];
}

/** Of the settled rows. */
export function settledPart({
  digests,
  versions,
  unsettled,
}: ProvenPart): Pick<ProvenPart, "digests" | "versions"> {
  if (unsettled === undefined) return { digests, versions };
  const settled = { digests: { ...digests }, versions: { ...versions } };
  for (const table of BLOCK_TABLES) {
    const { rows, sum, ...same } = versions[table]!;
    const { rows: fewer, sum: less } = unsettled.versions[table]!;
    settled.digests[table] = digestWithout(digests[table]!, unsettled.digests[table]!);
    settled.versions[table] = {
      ...same,
      rows: String(BigInt(rows) - BigInt(fewer)),
      sum: String(BigInt(sum) - BigInt(less)),
    };
  }
  return settled;
}

/** What of a target that is proven up to a height may still change; undefined for nothing. */
export async function readUnsettled(
  target: Session,
  height: bigint,
): Promise<Unsettled | undefined> {
  const blocks = await target.query<{ id: number }>(
    `select id from blocks
     where chain_status = 'pending' or (chain_status = 'orphaned' and height > $1) order by id`,
    [height],
  );
  if (blocks.length === 0) return undefined;
  const blockIds = blocks.map(({ id }) => id);
  const digests: Record<string, string> = {};
  const versions: Record<string, TableVersion> = {};
  // Above every id: of all rows, only those of these blocks.
  const range = { above: MAX_ID, newer: blockIds };
  for (const table of BLOCK_TABLES) {
    digests[table] = await digestTable(target, table, range);
    versions[table] = await readVersion(target, table, range);
  }
  return { blockIds, digests, versions };
}

/**
 * To be remembered together with the digests.
 * @param older versions of the settled rows of what was proven, which are not read again.
 */
export async function readVersions(
  target: Session,
  older?: { readonly proven: ProvenPart; readonly versions: TableVersions },
): Promise<TableVersions> {
  const versions: Record<string, TableVersion> = {};
  for (const table of FILLED_TABLES) {
    const range = newRows(table, older?.proven ?? null);
    versions[table] = together(older?.versions[table], await readVersion(target, table, range));
  }
  return versions;
}

/** As they are now, of the settled rows of what was proven. Read once for all callers. */
export function settledVersions(proven: ProvenPart): (target: Session) => Promise<TableVersions> {
  let read: Promise<TableVersions> | undefined;
  return (target) => {
    read ??= readSettledVersions(target, proven);
    return read;
  };
}

async function readSettledVersions(target: Session, proven: ProvenPart): Promise<TableVersions> {
  return await readRanges(target, proven.versions, (table) => settledRows(table, proven));
}

/** As they are now, of the rows up to where these end. */
export async function readVersionsUpTo(
  target: Session,
  known: TableVersions,
): Promise<TableVersions> {
  return await readRanges(target, known, (table) => ({ upTo: known[table]!.last }));
}

async function readRanges(
  target: Session,
  known: TableVersions,
  rangeOf: (table: FilledTable) => AgeRange,
): Promise<TableVersions> {
  const versions: Record<string, TableVersion> = {};
  for (const table of FILLED_TABLES) {
    const { last } = known[table]!;
    // The last one may be gone, and what is above it is still newer.
    versions[table] = { ...(await readVersion(target, table, rangeOf(table))), last };
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
