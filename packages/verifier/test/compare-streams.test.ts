// The merge of two ordered streams, on rows made up for it.

import { describe, expect, it } from "vitest";
import { compareStreams, type Row } from "../src/compare-streams.ts";
import { Findings } from "../src/findings.ts";

const key = { height: "integer", name: "text" } as const;

const rowsOf = async function* (rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
};

async function compare(
  { expected, found }: { expected: readonly Row[]; found: readonly Row[] },
  signal = new AbortController().signal,
) {
  const findings = new Findings(signal);
  const streams = { expected: rowsOf(expected), found: rowsOf(found) };
  await compareStreams({ table: "t", key, ...streams }, findings);
  return findings;
}

const row = (height: number, name: string, fee: string | null = "1"): Row => ({
  height: String(height),
  name,
  fee,
});

const rows = [row(2, "b"), row(9, "a"), row(10, "a"), row(10, "b")];

describe("compareStreams", () => {
  it("finds nothing in equal streams and counts their rows", async () => {
    const findings = await compare({ expected: rows, found: rows });
    expect(findings.differenceCount).toBe(0);
    expect(findings.compared).toBe(4);
  });

  it("is content with two empty streams", async () => {
    expect((await compare({ expected: [], found: [] })).differenceCount).toBe(0);
  });

  it("names the row and the column of a difference", async () => {
    const found = rows.with(2, row(10, "a", "7"));
    const { differences } = await compare({ expected: rows, found });
    expect(differences).toEqual([
      { table: "t", key: "height 10, name a", column: "fee", expected: "1", found: "7" },
    ]);
  });

  it("tells a null from a text", async () => {
    const found = rows.with(0, row(2, "b", null));
    const { differences } = await compare({ expected: rows, found });
    expect(differences).toMatchObject([{ expected: "1", found: "null" }]);
  });

  it.each([0, 1, 2, 3])("names a row %i that is missing, and one that is too many", async (at) => {
    const fewer = rows.toSpliced(at, 1);
    const key = `height ${rows[at]!["height"]}, name ${rows[at]!["name"]}`;
    const missing = await compare({ expected: rows, found: fewer });
    expect(missing.differences).toEqual([
      { table: "t", key, column: "*", expected: "a row", found: "no row" },
    ]);
    const extra = await compare({ expected: fewer, found: rows });
    expect(extra.differences).toEqual([
      { table: "t", key, column: "*", expected: "no row", found: "a row" },
    ]);
  });

  it("notices a row that is there twice", async () => {
    const found = rows.toSpliced(1, 0, rows[1]!);
    const { differences } = await compare({ expected: rows, found });
    expect(differences).toMatchObject([{ key: "height 9, name a", found: "a row" }]);
  });

  it("keeps ten differences and counts the others", async () => {
    const many = Array.from({ length: 25 }, (_, height) => row(height, "a"));
    const findings = await compare({ expected: many, found: [] });
    expect(findings.differences).toHaveLength(10);
    expect(findings.differenceCount).toBe(25);
  });

  it("refuses a stream that does not ascend", async () => {
    const found = [rows[1]!, rows[0]!];
    await expect(compare({ expected: rows, found })).rejects.toThrow(/out of order at height 2/);
  });

  it("stops at a row when the signal says so", async () => {
    const stopped = compare({ expected: rows, found: rows }, AbortSignal.abort());
    await expect(stopped).rejects.toThrow(/stopped by a signal/);
  });

  it("ends both streams when one of them fails", async () => {
    let isEnded = false;
    async function* endless(): AsyncGenerator<Row> {
      try {
        for (let height = 0; ; height++) yield row(height, "a");
      } finally {
        isEnded = true;
      }
    }
    // biome-ignore lint/correctness/useYield: it fails before its first row.
    async function* failing(): AsyncGenerator<Row> {
      throw new Error("no such table");
    }
    const findings = new Findings(new AbortController().signal);
    const streams = { table: "t", key, expected: endless(), found: failing() };
    await expect(compareStreams(streams, findings)).rejects.toThrow("no such table");
    expect(isEnded).toBe(true);
  });
});
