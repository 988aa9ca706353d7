// The comparison of the rows of one block.

import { describe, expect, it } from "vitest";
import { DIFFERENCES_SHOWN_MAX } from "../src/check-result.ts";
import { compareRowLists, type Row } from "../src/compare-rows.ts";
import { Findings } from "../src/findings.ts";

const row = (no: number, fee: string | null): Row => ({ no: String(no), fee });

function compared(expected: readonly Row[], found: readonly Row[]): Findings {
  const findings = new Findings(new AbortController().signal);
  compareRowLists({ table: "t", key: ["no"], place: "height 7", expected, found }, findings);
  return findings;
}

describe("compareRowLists", () => {
  it("finds nothing in equal lists, in whatever order they come", () => {
    const rows = [row(1, "5"), row(2, null), row(10, "")];
    expect(compared(rows, rows)).toMatchObject({ compared: 3, differenceCount: 0 });
    expect(compared(rows, rows.toReversed())).toMatchObject({ compared: 3, differenceCount: 0 });
    expect(compared([], [])).toMatchObject({ compared: 0, differenceCount: 0 });
  });

  it("names table, key, column and both values; a null is not a text", () => {
    const { differences } = compared([row(1, "5"), row(2, null)], [row(1, "6"), row(2, "")]);
    expect(differences).toEqual([
      { table: "t", key: "height 7, no 1", column: "fee", expected: "5", found: "6" },
      { table: "t", key: "height 7, no 2", column: "fee", expected: "null", found: "" },
    ]);
  });

  it("names rows that are missing, too many, or there twice", () => {
    const lists: [readonly Row[], readonly Row[]] = [
      [row(1, "5"), row(2, "5")],
      [row(1, "5"), row(1, "5"), row(3, "5")],
    ];
    expect(compared(...lists).differences).toEqual([
      { table: "t", key: "height 7, no 2", column: "*", expected: "a row", found: "no row" },
      { table: "t", key: "height 7, no 1", column: "*", expected: "no row", found: "a row" },
      { table: "t", key: "height 7, no 3", column: "*", expected: "no row", found: "a row" },
    ]);
  });

  it("keeps the first differences and counts the others", () => {
    const many = Array.from({ length: 50 }, (_, no) => row(no, "5"));
    const { differences, differenceCount } = compared(many, []);
    expect(differences).toHaveLength(DIFFERENCES_SHOWN_MAX);
    expect(differenceCount).toBe(50);
  });
});
