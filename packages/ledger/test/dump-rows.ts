// The rows of a dump, read from its COPY blocks, for comparison with what blocks say.

import { execFileSync } from "node:child_process";
import path from "node:path";

export type DumpRow = Readonly<Record<string, string | null>>;

/** Of a nightly dump, whose text has two megabytes; it is read whole. */
export function readDumpRows(dump: string): ReadonlyMap<string, readonly DumpRow[]> {
  const sql = execFileSync("tar", ["-xzOf", path.resolve(dump)], { maxBuffer: 64 * 1024 * 1024 });
  return parseDumpRows(sql.toString("utf8"));
}

/** Tables by name, out of the text of a dump. */
export function parseDumpRows(sql: string): ReadonlyMap<string, readonly DumpRow[]> {
  const tables = new Map<string, readonly DumpRow[]>();
  const blocks = sql.matchAll(/^COPY public\.(\w+) \((.*)\) FROM stdin;\n/gm);
  for (const { 0: head, 1: table, 2: list, index, input } of blocks) {
    const start = index + head.length;
    const text = input.slice(start, input.indexOf("\\.\n", start));
    const columns = list!.split(", ").map((name) => name.replaceAll('"', ""));
    const rows = text.split("\n").slice(0, -1);
    tables.set(
      table!,
      rows.map((row) => {
        const fields = row.split("\t").map((field) => (field === "\\N" ? null : field));
        return Object.fromEntries(columns.map((name, column) => [name, fields[column] ?? null]));
      }),
    );
  }
  return tables;
}
