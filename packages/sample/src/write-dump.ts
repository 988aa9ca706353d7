// A nightly dump of the sample's archive: the schema, the rows of the buffer, keys and indexes, in the
// plain form of pg_dump and packed as the network packs its dumps.

import { open, rm } from "node:fs/promises";
import { dumpEnd, dumpHead, packDump } from "@forklift/postgres";
import type { ArchiveSchema } from "@forklift/schemas";
import type { RowBuffer } from "./row-buffer.ts";

export interface DumpOptions {
  readonly schema: ArchiveSchema;
  readonly buffer: RowBuffer;
  readonly lastIds: ReadonlyMap<string, number>;
  /** The highest block of the archive at that midnight. */
  readonly tipHeight: number;
  readonly finality: number;
  /** Where the unpacked SQL may lie meanwhile. */
  readonly sqlPath: string;
  /** Inside of the archive. */
  readonly memberName: string;
  readonly out: string;
}

/** Characters gathered before they are written. */
const BUFFER_CHARACTERS = 256 * 1024;

export async function writeDump(options: DumpOptions): Promise<void> {
  try {
    await using file = await open(options.sqlPath, "w");
    let text = "";
    for await (const piece of dumpText(options)) {
      text += piece;
      if (text.length < BUFFER_CHARACTERS) continue;
      await file.writeFile(text);
      text = "";
    }
    await file.writeFile(text);
    await packDump(options.sqlPath, options.memberName, options.out);
  } finally {
    await rm(options.sqlPath, { force: true });
  }
}

async function* dumpText(options: DumpOptions): AsyncGenerator<string> {
  const { schema, buffer, lastIds } = options;
  yield `${dumpHead()}\n${schema.tables}\n`;
  for (const [table, { columns }] of Object.entries(schema.manifest.tables)) {
    const names = columns.map(({ name }) => (name === "timestamp" ? `"${name}"` : name));
    yield `COPY public.${table} (${names.join(", ")}) FROM stdin;\n`;
    for await (const line of buffer.lines(table)) {
      yield `${table === "blocks" ? withChainStatus(line, options) : line}\n`;
    }
    yield "\\.\n\n";
  }
  for (const [table, id] of lastIds) {
    const values = id === 0 ? "1, false" : `${id}, true`;
    yield `SELECT pg_catalog.setval('public.${table}_id_seq', ${values});\n`;
  }
  yield `\n${schema.constraints}\n${dumpEnd()}`;
}

/** Fields of a block in the row buffer: its branch, then the columns but for the last one. */
const HEIGHT_FIELD = 11;

function withChainStatus(
  line: string,
  { tipHeight, finality }: Pick<DumpOptions, "tipHeight" | "finality">,
): string {
  const fields = line.split("\t");
  const height = Number(fields[HEIGHT_FIELD]);
  const isGenesis = height === 1;
  const [branch, ...columns] = fields;
  const decided = branch === "canonical" ? "canonical" : "orphaned";
  const status = isGenesis || height <= tipHeight - finality ? decided : "pending";
  return [...columns, status].join("\t");
}
