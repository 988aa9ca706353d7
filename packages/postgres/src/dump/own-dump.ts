// Our own dump writer: the schema's tables, the rows as COPY blocks, the sequences, then keys and
// indexes. psql reads it as it reads pg_dump's, and so does our own restore.

import { type CatalogTable, readCatalog } from "../schema/catalog.ts";
import { quoteIdentifier, quoteLiteral } from "../session/identifiers.ts";
import { type Session, snapshot } from "../session/session.ts";
import { dumpEnd, dumpHead } from "./dump-frame.ts";

/** DDL in the two parts that rows are loaded between. */
export interface Ddl {
  readonly tables: string;
  readonly constraints: string;
}

/** Or a sequential scan joins one that is under way in another session, and begins in the middle. */
const IN_ORDER = "set local synchronize_seqscans = off";

export type Write = (chunk: string | Uint8Array) => Promise<void>;

/** Writes the database of one moment: the same rows give the same bytes. */
export async function writeOwnDump(session: Session, ddl: Ddl, write: Write): Promise<void> {
  await snapshot(session, async () => {
    await session.query(IN_ORDER);
    const [version] = await session.query<{ server_version: string }>("show server_version");
    const catalog = await readCatalog(session);
    const remarks = [
      `Dumped from database version ${version?.server_version}`,
      "Dumped by forklift",
    ];
    await write(`${dumpHead(remarks)}\n${ddl.tables}\n`);
    for (const [name, table] of Object.entries(catalog.tables)) {
      await writeRows(session, name, table, write);
    }
    for (const { name } of catalog.sequences) await write(await setvalOf(session, name));
    await write(`\n${ddl.constraints}\n${dumpEnd()}`);
  });
}

async function writeRows(
  session: Session,
  name: string,
  { columns, primaryKey }: CatalogTable,
  write: Write,
): Promise<void> {
  const table = `public.${quoteIdentifier(name)}`;
  const names = columns.map((column) => quoteIdentifier(column.name)).join(", ");
  // A table without a key is ordered by all it has; rows that tie are equal.
  const order = primaryKey ? primaryKey.columns.map(quoteIdentifier).join(", ") : names;
  await write(`COPY ${table} (${names}) FROM stdin;\n`);
  const select = `select ${names} from ${table} order by ${order}`;
  for await (const chunk of session.copyBytesOut(select)) await write(chunk);
  await write("\\.\n\n");
}

async function setvalOf(session: Session, name: string): Promise<string> {
  const sequence = `public.${quoteIdentifier(name)}`;
  const [row] = await session.query<{ last_value: string; is_called: boolean }>(
    `select last_value, is_called from ${sequence}`,
  );
  const values = `${quoteLiteral(sequence)}, ${row?.last_value}, ${row?.is_called}`;
  return `SELECT pg_catalog.setval(${values});\n`;
}
