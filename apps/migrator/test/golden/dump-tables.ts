// The tables of a nightly dump, read from its COPY text: strings and nulls, nothing interpreted.

import { execFileSync } from "node:child_process";

/** A row by column name. Ids are texts like all the rest. */
export type DumpRow = Readonly<Record<string, string | null>>;

export type DumpTables = Readonly<Record<string, readonly DumpRow[]>>;

/** Four megabytes of text; read whole. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** @throws Error for an escaped character, of which the real dumps have none. */
export function readDumpTables(file: string): DumpTables {
  const text = execFileSync("tar", ["-xzOf", file], { maxBuffer: TEXT_BYTES_MAX }).toString("utf8");
  const tables: Record<string, DumpRow[]> = {};
  let table: DumpRow[] | null = null;
  let columns: readonly string[] = [];
  for (const line of text.split("\n")) {
    const head = /^COPY public\.(\w+) \((.+)\) FROM stdin;$/.exec(line);
    if (head !== null) {
      table = [];
      tables[head[1]!] = table;
      columns = head[2]!.split(", ").map((name) => name.replaceAll('"', ""));
    } else if (line === "\\.") {
      table = null;
    } else if (table !== null) {
      const values = line.split("\t").map(fieldValue);
      table.push(Object.fromEntries(columns.map((name, index) => [name, values[index]!])));
    }
  }
  return tables;
}

function fieldValue(field: string): string | null {
  if (field === "\\N") return null;
  if (field.includes("\\")) throw new Error(`the dump has an escaped character in ${field}`);
  return field;
}
