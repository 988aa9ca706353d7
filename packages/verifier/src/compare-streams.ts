// Compares two ordered streams of rows, of any length, in constant memory.

import assert from "node:assert/strict";
import type { Findings } from "./findings.ts";

/** Every value as text: amounts would lose digits as numbers, and differences print text. */
export type Row = Readonly<Record<string, string | null>>;

/** The key columns, which hold no nulls. Both streams ascend by them, text by its bytes. */
export type KeyColumns = Readonly<Record<string, "integer" | "text">>;

export interface StreamPair {
  /** The table that the found rows come from, for naming differences. */
  readonly table: string;
  readonly key: KeyColumns;
  readonly expected: AsyncIterable<Row>;
  readonly found: AsyncIterable<Row>;
}

/**
 * Rows with the same key are compared in the columns of the expected one; a row without a partner
 * is a difference of its own. A key that comes several times is paired in the order it comes.
 */
export async function compareStreams(
  { table, key, expected, found }: StreamPair,
  findings: Findings,
): Promise<void> {
  const wanted = ascending(expected, key);
  const given = ascending(found, key);
  try {
    let left = await nextOf(wanted);
    let right = await nextOf(given);
    while (left !== undefined || right !== undefined) {
      findings.rowCompared();
      const order = left && right ? compareKeys(left, right, key) : left ? -1 : 1;
      if (order === 0) compareRows({ table, key, expected: left!, found: right! }, findings);
      else addLoneRow({ table, key, expected: left, found: right, order }, findings);
      if (order <= 0) left = await nextOf(wanted);
      if (order >= 0) right = await nextOf(given);
    }
  } finally {
    // A cursor that stays open would keep its session busy for the next check.
    await Promise.allSettled([wanted.return(undefined), given.return(undefined)]);
  }
}

/** A merge of streams that do not ascend would report nonsense, so the order is our invariant. */
async function* ascending(rows: AsyncIterable<Row>, key: KeyColumns): AsyncGenerator<Row> {
  let previous: Row | undefined;
  for await (const row of rows) {
    assert(
      previous === undefined || compareKeys(previous, row, key) <= 0,
      `rows are out of order at ${describeKey(row, key)}`,
    );
    previous = row;
    yield row;
  }
}

async function nextOf(rows: AsyncIterator<Row>): Promise<Row | undefined> {
  const next = await rows.next();
  return next.done === true ? undefined : next.value;
}

function compareKeys(left: Row, right: Row, key: KeyColumns): number {
  for (const [column, kind] of Object.entries(key)) {
    const [a, b] = [left[column], right[column]];
    if (a === b) continue;
    assert(typeof a === "string" && typeof b === "string", `key column ${column} is null`);
    const isBefore = kind === "integer" ? BigInt(a) < BigInt(b) : a < b;
    return isBefore ? -1 : 1;
  }
  return 0;
}

interface Pair {
  readonly table: string;
  readonly key: KeyColumns;
  readonly expected: Row;
  readonly found: Row;
}

/** Also for rows that were paired by other means than a merge. */
export function compareRows({ table, key, expected, found }: Pair, findings: Findings): void {
  for (const [column, value] of Object.entries(expected)) {
    const actual = found[column];
    assert(actual !== undefined, `the query of ${table} selects no ${column}`);
    if (actual === value) continue;
    findings.compare({ table, key: describeKey(expected, key), column }, value, actual);
  }
}

interface LoneRow {
  readonly table: string;
  readonly key: KeyColumns;
  readonly expected: Row | undefined;
  readonly found: Row | undefined;
  readonly order: number;
}

function addLoneRow({ table, key, expected, found, order }: LoneRow, findings: Findings): void {
  const isMissing = order < 0;
  findings.add({
    table,
    key: describeKey((isMissing ? expected : found)!, key),
    column: "*",
    expected: isMissing ? "a row" : "no row",
    found: isMissing ? "no row" : "a row",
  });
}

function describeKey(row: Row, key: KeyColumns): string {
  return Object.keys(key)
    .map((column) => `${column} ${row[column]}`)
    .join(", ");
}
