// The audit's question about empty columns: an archive that was mended by hand may have lost the NOT NULL of
// a column, and a value with it. Only columns that the server lets be null are looked at: mostly none.

import { quoteIdentifier, type Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { UNREAD_TABLES } from "../preflight/database-privileges.ts";
import { chainCondition, type SourceChain } from "../source/source-chain.ts";
import { mendingFile } from "../source/source-finding.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

interface Column {
  readonly table: string;
  readonly name: string;
}

export async function auditNulls(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const column of await looseColumns(source)) {
    found.push(
      column.table === "blocks"
        ? await nullsOfBlocks(source, chain, { column, options })
        : await nullsOfTable(source, column),
    );
  }
  return found;
}

/** What may be null and is not so in the schema. A chain status that is null has a meaning of its own. */
async function looseColumns(source: Session): Promise<Column[]> {
  const { manifest } = await readSchema("mainnet");
  const nullable = await source.query<Column>(
    `select c.relname as "table", a.attname as name
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
       and not a.attnotnull order by 1, 2`,
  );
  return nullable.filter(({ table, name }) => {
    if (UNREAD_TABLES.has(table) || (table === "blocks" && name === "chain_status")) return false;
    const expected = manifest.tables[table]?.columns.find((column) => column.name === name);
    return expected?.nullable === false;
  });
}

async function nullsOfBlocks(
  source: Session,
  chain: SourceChain,
  { column: { name }, options }: { readonly column: Column; readonly options: AuditOptions },
): Promise<Found> {
  const rows = await source.query<{
    id: number | null;
    height: string | null;
    state_hash: string | null;
    total: string;
  }>(
    `select b.id, b.height, b.state_hash, count(*) over () as total from blocks b
     where b.${quoteIdentifier(name)} is null
       and (${chainCondition("b")} or b.height is null or b.state_hash is null)
     order by b.height, b.state_hash limit $3`,
    [chain.canonicalHeight, chain.tail.map(({ stateHash }) => stateHash), FINDINGS_MAX],
  );
  return foundIn("null-value", rows, ({ id, height, state_hash }) => ({
    height: height === null ? null : BigInt(height),
    stateHash: state_hash,
    parentHash: null,
    fault: `blocks.${name} is null, of block ${state_hash ?? `id ${id}`} at height ${height ?? "unknown"}`,
    mend:
      height === null || state_hash === null
        ? null
        : mendingFile("replace", options.network, {
            height: BigInt(height),
            stateHash: state_hash,
          }),
    stopsMigration: true,
  }));
}

/** Rows beside the chain among them, which no migration reads; whoever lost one value may have lost more. */
async function nullsOfTable(source: Session, { table, name }: Column): Promise<Found> {
  const rows = await source.query<{ row: string; total: string }>(
    `select left(to_jsonb(t)::text, $2) as row, count(*) over () as total
     from ${quoteIdentifier(table)} t where t.${quoteIdentifier(name)} is null limit $1`,
    [FINDINGS_MAX, ROW_CHARACTERS_MAX],
  );
  return foundIn("null-value", rows, ({ row }) => ({
    height: null,
    stateHash: null,
    parentHash: null,
    fault: `${table}.${name} is null, of the row ${row}`,
    mend: null,
    stopsMigration: true,
  }));
}

/** Of a row in a sentence: its ids stand first. */
const ROW_CHARACTERS_MAX = 300;
