// Have the columns of a source types that we can read and compare? Those of an archive that was made or mended
// by hand may be other ones than upstream's, and mean the same.

import { ConfigError } from "@forklift/pipeline";
import type { Catalog, Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { UNREAD_TABLES } from "./database-privileges.ts";

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** As pg_type has it: a domain is of that of its type. */
  readonly category: string;
  /** Of an enum, else null: the server compares no domain of an enum with a text. */
  readonly labels: readonly string[] | null;
}

/**
 * @throws ConfigError for a column of the source whose values, or whose comparisons, would be errors of the
 * server in the middle of a run, or never true.
 */
export async function requireReadableTypes(source: Session): Promise<void> {
  const { manifest } = await readSchema("mainnet");
  const columns = await readTypes(source);
  requireReadableStatus(source, columns);
  const others = columns.flatMap((column) => {
    const { table, name, type } = column;
    const expected = expectedType(manifest, column);
    if (expected === null || isReadable(manifest, expected, column)) return [];
    return [`${table}.${name} is ${type}, expected ${expected}`];
  });
  if (others.length === 0) return;
  throw new ConfigError(
    `columns of the source ${source.maskedUrl} have types that cannot be read: ${others.join("; ")}`,
    {
      hint: "give these columns the types of upstream's schema (alter table), or take another dump",
    },
  );
}

function requireReadableStatus(source: Session, columns: readonly Column[]): void {
  const { type, category, labels } = columns.find(
    ({ table, name }) => table === "blocks" && name === "chain_status",
  )!;
  if (category === TEXTS || labels?.includes("canonical") === true) return;
  const what = labels === null ? `type ${type}` : `an enum of ${labels.join(", ")}`;
  throw new ConfigError(
    `blocks.chain_status of the source ${source.maskedUrl} is ${what}, expected an enum with canonical, ` +
      "orphaned and pending, or a text of these",
    {
      hint: "give the column the type that upstream's add_chain_status.sh makes, or take another dump",
    },
  );
}

function expectedType({ tables }: Catalog, { table, name }: Column): string | null {
  if (UNREAD_TABLES.has(table)) return null;
  return tables[table]?.columns.find((column) => column.name === name)?.type ?? null;
}

const TEXTS = "S";
const NUMBERS = "N";

/** A Berkeley archive has it as text, and no query of a source compares it. */
const TIMESTAMP = "blocks.timestamp";

/** Ids are integers of four bytes: they come as numbers, where others come as text. */
function isReadable(
  { enums }: Catalog,
  expected: string,
  { table, name, type, category, labels }: Column,
): boolean {
  if (expected === "integer") return type === expected || type === "smallint";
  if (Object.hasOwn(enums, expected)) return labels !== null || category === TEXTS;
  if (`${table}.${name}` === TIMESTAMP && category === TEXTS) return true;
  return category === (expected === "text" ? TEXTS : NUMBERS);
}

async function readTypes(source: Session): Promise<Column[]> {
  return await source.query<Column>(
    `select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            t.typcategory as category,
            (select json_agg(e.enumlabel order by e.enumsortorder)
             from pg_enum e where e.enumtypid = t.oid) as labels
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     join pg_type t on t.oid = a.atttypid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     order by c.relname, a.attnum`,
  );
}
