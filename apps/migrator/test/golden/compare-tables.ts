// Compares the rows of a target with the golden digests, and finds the rows that differ.

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Session } from "@forklift/postgres";
import { expectedTables } from "./expected-tables.ts";
import { digestsOf, sortedLines, type TableDigest } from "./natural-rows.ts";
import { storedTables } from "./stored-tables.ts";

export const GOLDEN_FILE = path.join(import.meta.dirname, "digests.json");

/** Rows shown of each kind; the first ones show which rule was broken. */
const ROWS_SHOWN_MAX = 3;

export interface TableDifference {
  readonly table: string;
  readonly golden: TableDigest | null;
  readonly stored: TableDigest | null;
  /** The first rows that are stored and should not be. */
  readonly unexpected: readonly string[];
  /** The first rows that should be stored and are not. */
  readonly missing: readonly string[];
}

/** Empty when every table of schema public has the golden digest, and there is no other table. */
export async function differencesFromGolden(session: Session): Promise<readonly TableDifference[]> {
  const golden = JSON.parse(readFileSync(GOLDEN_FILE, "utf8")) as Record<string, TableDigest>;
  const tables = await storedTables(session);
  const stored = digestsOf(tables);
  const names = [...new Set([...Object.keys(golden), ...Object.keys(stored)])].filter(
    (name) =>
      golden[name]?.sha256 !== stored[name]?.sha256 || golden[name]?.rows !== stored[name]?.rows,
  );
  if (names.length === 0) return [];
  // The rows behind the golden digests are computed only for a message.
  const expected = expectedTables();
  return names.map((table) => {
    const [ours, theirs] = [sortedLines(tables[table] ?? []), sortedLines(expected[table] ?? [])];
    return {
      table,
      golden: golden[table] ?? null,
      stored: stored[table] ?? null,
      unexpected: surplus(ours, theirs),
      missing: surplus(theirs, ours),
    };
  });
}

/** The first lines that one list has more often than the other. */
function surplus(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  const found = lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
  return found.slice(0, ROWS_SHOWN_MAX);
}
