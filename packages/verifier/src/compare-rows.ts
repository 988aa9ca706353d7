// Compares the rows of one block with what they should be.

import assert from "node:assert/strict";
import { columnOf } from "./columns.ts";
import type { Findings } from "./findings.ts";

/** Every value as text: amounts would lose digits as numbers, and differences print text. */
export type Row = Readonly<Record<string, string | null>>;

export interface RowLists {
  /** The table that the found rows come from, for naming differences. */
  readonly table: string;
  /** Columns that identify a row of one block; the block is named in any case. */
  readonly key: readonly string[];
  /** The block, as `HeightRows` names it. */
  readonly place: string;
  readonly expected: readonly Row[];
  readonly found: readonly Row[];
}

/**
 * Rows with the same key are compared in the columns of the expected one; a row without a partner
 * is a difference of its own. A key that comes several times is paired in the order it comes.
 */
export function compareRowLists(lists: RowLists, findings: Findings): void {
  const { expected, found, key } = lists;
  if (isSameOrder(lists)) {
    for (const [at, row] of expected.entries()) {
      findings.rowCompared();
      compareRows(lists, row, found[at]!, findings);
    }
    return;
  }
  const partners = new Map<string, Row[]>();
  for (const row of found) {
    const name = textOfKey(row, key);
    const others = partners.get(name);
    if (others === undefined) partners.set(name, [row]);
    else others.push(row);
  }
  for (const row of expected) {
    findings.rowCompared();
    const partner = partners.get(textOfKey(row, key))?.shift();
    if (partner === undefined) addLoneRow(lists, row, "missing", findings);
    else compareRows(lists, row, partner, findings);
  }
  for (const row of [...partners.values()].flat()) {
    findings.rowCompared();
    addLoneRow(lists, row, "extra", findings);
  }
}

type Place = Pick<RowLists, "table" | "key" | "place">;

/** Also for rows that were paired otherwise. */
export function compareRows(place: Place, expected: Row, found: Row, findings: Findings): void {
  for (const name in expected) {
    const value = expected[name]!;
    const actual = found[name];
    if (actual === value) continue;
    assert(actual !== undefined, `the query of ${place.table} selects no ${name}`);
    findings.compare(placeOf(place.table, name, describe(place, expected)), value, actual);
  }
}

/** Where a difference lies: the column as the target has it. */
export function placeOf(table: string, name: string, key: string) {
  const { via, ...column } = columnOf(table, name);
  return { ...column, key: via === undefined ? key : `${key}, ${via}` };
}

/** As good as always: the two lists are of the same rows. */
function isSameOrder({ expected, found, key }: RowLists): boolean {
  if (expected.length !== found.length) return false;
  return expected.every((row, at) => key.every((column) => row[column] === found[at]![column]));
}

function addLoneRow(place: Place, row: Row, what: "missing" | "extra", findings: Findings): void {
  const [expected, found] = what === "missing" ? ["a row", "no row"] : ["no row", "a row"];
  findings.add({ table: place.table, key: describe(place, row), column: "*", expected, found });
}

function textOfKey(row: Row, key: readonly string[]): string {
  return key.map((column) => row[column]).join("\t");
}

function describe({ key, place }: Place, row: Row): string {
  return [place, ...key.map((column) => `${column} ${row[column]}`)].join(", ");
}
