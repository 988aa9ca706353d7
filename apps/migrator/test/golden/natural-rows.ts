// Rows without serial ids: every reference is replaced by what it stands for, so that the rows of two
// databases, or of a database and of a computation, can be compared; and a digest over them.

import { createHash } from "node:crypto";

/** All values in the text that PostgreSQL prints for them. */
export type NaturalRow = Readonly<Record<string, string | null>>;

/** Every table of schema public; an empty one has no rows. */
export type NaturalTables = Readonly<Record<string, readonly NaturalRow[]>>;

export interface TableDigest {
  readonly rows: number;
  /** SHA-256 of the sorted lines, hexadecimal. */
  readonly sha256: string;
}

/** By name of the table, in the order of names. */
export function digestsOf(tables: NaturalTables): Readonly<Record<string, TableDigest>> {
  const names = Object.keys(tables).sort();
  return Object.fromEntries(names.map((name) => [name, digestOf(tables[name]!)]));
}

function digestOf(rows: readonly NaturalRow[]): TableDigest {
  const hash = createHash("sha256");
  for (const line of sortedLines(rows)) hash.update(`${line}\n`);
  return { rows: rows.length, sha256: hash.digest("hex") };
}

/** A row twice is two lines. */
export function sortedLines(rows: readonly NaturalRow[]): readonly string[] {
  return rows.map(lineOf).sort();
}

/** The columns in the order of their names. */
function lineOf(row: NaturalRow): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
