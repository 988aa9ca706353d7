// What a database keeps of the dump that filled it, committed with the rows: so a restore that was
// killed after its commit is known for done when it is run again.

import { quoteIdentifier } from "../session/identifiers.ts";
import type { Session } from "../session/session.ts";
import type { LeftOut } from "./left-out.ts";

export interface RestoredTable {
  readonly name: string;
  readonly rows: number;
}

/** Of the dump's bytes as they lie, packed. */
export interface DumpDigest {
  readonly sha256: string;
  readonly bytes: bigint;
}

export interface RestoredDump extends DumpDigest {
  readonly tables: readonly RestoredTable[];
  readonly leftOut: readonly LeftOut[];
}

/** In the schema of working state, which no dump of ours holds. */
export async function saveRestoredDump(
  session: Session,
  { sha256, bytes }: DumpDigest,
  { tables, leftOut }: Pick<RestoredDump, "tables" | "leftOut">,
): Promise<void> {
  await session.query(
    `create schema if not exists forklift;
     create table if not exists forklift.restored_dump (
       sha256 text primary key,
       bytes bigint not null,
       tables jsonb not null,
       left_out jsonb not null,
       restored_at timestamptz not null default now()
     )`,
  );
  await session.query(
    `insert into forklift.restored_dump (sha256, bytes, tables, left_out) values ($1, $2, $3, $4)`,
    [sha256, bytes.toString(), JSON.stringify(tables), JSON.stringify(leftOut)],
  );
}

/** Null where no restore of ours has ended. */
export async function readRestoredDump(session: Session): Promise<RestoredDump | null> {
  const [exists] = await session.query<{ present: boolean }>(
    `select exists (
       select from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'forklift' and c.relname = 'restored_dump'
         and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
     ) as present`,
  );
  if (exists?.present !== true) return null;
  const [row] = await session.query<Omit<RestoredDump, "bytes"> & { bytes: string }>(
    `select sha256, bytes, tables, left_out as "leftOut" from forklift.restored_dump`,
  );
  return row === undefined ? null : { ...row, bytes: BigInt(row.bytes) };
}

/** The rows that the tables hold now, counted one by one. */
export async function countRows(
  session: Session,
  tables: readonly RestoredTable[],
): Promise<RestoredTable[]> {
  const counted: RestoredTable[] = [];
  for (const { name } of tables) {
    const [row] = await session.query<{ rows: string }>(
      `select count(*) as rows from only public.${quoteIdentifier(name)}`,
    );
    counted.push({ name, rows: Number(row?.rows) });
  }
  return counted;
}
