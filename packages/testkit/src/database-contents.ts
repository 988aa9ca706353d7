// Reads the whole contents of a database, in a form in which two moments can be compared.

import { connect, quoteIdentifier, quoteLiteral, type Session } from "@forklift/postgres";

/** Of tables, indexes and constraints: what they are, and whether they hold. */
const CATALOG = `
  select format('%I.%I', n.nspname, c.relname) as name,
         (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                            order by a.attnum)
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
           as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^(pg_|information_schema$)'
  union all
  select format('%I.%I', n.nspname, c.relname),
         format('%s, valid: %s', pg_get_indexdef(c.oid), i.indisvalid)
  from pg_index i join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_'
  union all
  select format('%s on %s', k.conname, k.conrelid::regclass),
         format('%s, valid: %s', pg_get_constraintdef(k.oid), k.convalidated)
  from pg_constraint k join pg_namespace n on n.oid = k.connamespace
  where n.nspname !~ '^(pg_|information_schema$)'
  order by 1, 2`;

export interface ContentsOptions {
  /** Whether columns that are filled with the time of day count; default: they do not. */
  readonly isTimed?: boolean;
}

interface Named {
  readonly name: string;
}

/**
 * The catalog, and every table with its row count and a digest of its rows, serial ids and progress
 * marks included. Left out is where sequences stand: no rollback takes them back, and ids are counted
 * from the rows.
 */
export async function contentsIn(
  session: Session,
  { isTimed = false }: ContentsOptions = {},
): Promise<Record<string, string>> {
  const catalog = await session.query<Named & { definition: string | null }>(CATALOG);
  const tables = await session.query<Named & { timed: string[] }>(
    `select format('%I.%I', t.schemaname, t.tablename) as name,
            array(select c.column_name::text from information_schema.columns c
                  where c.table_schema = t.schemaname and c.table_name = t.tablename
                    and c.column_default = 'now()') as timed
     from pg_tables t where t.schemaname !~ '^(pg_|information_schema$)' order by 1`,
  );
  const contents: Record<string, string> = {};
  for (const { name, definition } of catalog)
    contents[`${name} is`] = definition ?? "without columns";
  for (const { name, timed } of tables) {
    const row = `(to_jsonb(${quoteIdentifier("t")}) - array[${isTimed ? [] : timed.map(quoteLiteral)}]::text[])::text`;
    const [found] = await session.query<{ count: string; digest: string | null }>(
      `select count(*), md5(string_agg(${row}, E'\\n' order by ${row})) as digest from ${name} t`,
    );
    contents[name] = `${found!.count} rows, ${found!.digest ?? "no digest"}`;
  }
  return contents;
}

/** The same of a database that nobody holds a session on. */
export async function databaseContents(url: string): Promise<Record<string, string>> {
  await using session = await connect(url, { applicationName: "forklift test", readOnly: true });
  return await contentsIn(session);
}
