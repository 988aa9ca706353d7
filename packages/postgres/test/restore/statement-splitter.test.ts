import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DumpPart, splitDump } from "../../src/restore/statement-splitter.ts";

async function* pieces(sql: string, sizes: readonly number[] = [sql.length]) {
  const bytes = Buffer.from(sql);
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = Math.max(sizes[index % sizes.length] ?? 1, 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

type Seen = Omit<DumpPart, "data"> & { data?: string };

async function split(sql: string, sizes?: readonly number[]): Promise<Seen[]> {
  const parts: Seen[] = [];
  for await (const part of splitDump(pieces(sql, sizes), { standardStrings: true })) {
    if (part.kind !== "copy") {
      parts.push(part);
      continue;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of part.data) chunks.push(chunk);
    parts.push({ ...part, data: Buffer.concat(chunks).toString() });
  }
  return parts;
}

const textsOf = (parts: readonly Seen[]) => parts.map(({ text }) => text);

const TRICKY = [
  "--",
  "-- a comment; with 'a quote",
  "\\restrict abc",
  "SET x = 'it''s; fine';",
  "/* outer /* inner; */ still ; */ select 1;",
  `create table "odd;name""x" (a int); `,
  "select E'a\\';b', e'\\\\', 'c\\';",
  "create function f() returns text as $fn$ begin; $$ ; end $fn$ language sql;",
  "select $$ ; $x$ ; $$, a$b$c from t where p = $1;",
  "create rule r as on insert to t do (select 1; select 2);",
  "create or replace function g() begin atomic select case when a then 1 end; select 2; end;",
  "select 1 -- ; in a comment\n + 2;",
  "COPY public.t (a, b) FROM stdin;\n1\t\\\\.\n\\.x\t\\N\n\\N\t;'\"\n\\.\n",
  "COPY public.empty (a) FROM stdin;\n\\.\n",
  "select 'é'; ",
  "\\unrestrict abc",
].join("\n");

describe("a dump", () => {
  test("is cut where psql would cut it", async () => {
    const parts = await split(TRICKY);
    expect(parts.filter(({ kind }) => kind === "statement").map(({ text }) => text)).toEqual([
      "SET x = 'it''s; fine';",
      "/* outer /* inner; */ still ; */ select 1;",
      `create table "odd;name""x" (a int);`,
      "select E'a\\';b', e'\\\\', 'c\\';",
      "create function f() returns text as $fn$ begin; $$ ; end $fn$ language sql;",
      "select $$ ; $x$ ; $$, a$b$c from t where p = $1;",
      "create rule r as on insert to t do (select 1; select 2);",
      "create or replace function g() begin atomic select case when a then 1 end; select 2; end;",
      "select 1 -- ; in a comment\n + 2;",
      "select 'é';",
    ]);
    expect(parts.filter(({ kind }) => kind === "copy").map(({ data }) => data)).toEqual([
      "1\t\\\\.\n\\.x\t\\N\n\\N\t;'\"\n",
      "",
    ]);
    expect(textsOf(parts.filter(({ kind }) => kind === "command"))).toEqual([
      "\\restrict abc",
      "\\unrestrict abc",
    ]);
  });

  test("names each part by its byte in the SQL", async () => {
    const bytes = Buffer.from(TRICKY);
    for (const { offset, text } of await split(TRICKY)) {
      expect(bytes.toString("utf8", offset, offset + Buffer.byteLength(text))).toBe(text);
    }
  });

  test("is cut alike in whatever pieces it arrives", async () => {
    const whole = await split(TRICKY);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (sizes) => {
          expect(await split(TRICKY, sizes)).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("has its rows up to the first line that is an end mark, in whatever pieces", async () => {
    const line = fc.array(fc.constantFrom("\\", ".", "\r", "N", "\t", "é"), { maxLength: 5 });
    const lines = fc.array(line.map((parts) => parts.join("")));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(lines, sizes, async (rows, pieceSizes) => {
        const at = rows.findIndex((row) => /^\\\.\r?$/.test(row));
        const own = at < 0 ? rows : rows.slice(0, at);
        const sql = `COPY t FROM stdin;\n${own.map((row) => `${row}\n`).join("")}\\.\n-- end`;
        const [copy, ...rest] = await split(sql, pieceSizes);
        expect(copy?.data).toBe(own.map((row) => `${row}\n`).join(""));
        expect(textsOf(rest)).toEqual(["-- end"]);
      }),
      { numRuns: 500 },
    );
  });

  test("hands its rows on without copying them, but for what may begin an end mark", async () => {
    const rows = Buffer.from("1\tone\n2\ttwo\n3\tthr");
    async function* dump() {
      yield Buffer.from("COPY t FROM stdin;\n");
      yield rows;
      yield Buffer.from("ee\n\\.\n");
    }
    const chunks: Buffer[] = [];
    for await (const part of splitDump(dump(), { standardStrings: true })) {
      if (part.kind === "copy") for await (const chunk of part.data) chunks.push(chunk);
    }
    expect(chunks.map(String)).toEqual([String(rows), "ee\n"]);
    expect(chunks[0]!.buffer).toBe(rows.buffer);
  });

  test.each([
    ["select 1;\nselect 'abc", /statement 2 at byte 10 is cut off: select 'abc/],
    ["select 1;\nselect 2", /statement 2 at byte 10 is cut off/],
    ["select $x$ ;", /statement 1 at byte 0 is cut off/],
    ["COPY t (a) FROM stdin;\n1\n2\n", /data of statement 1 ends at byte 27 without its end mark/],
    ["COPY t (a) FROM stdin;\n1\n\\", /data of statement 1 ends at byte 26 without its end mark/],
  ])("that is truncated is refused with its location: %j", async (sql, message) => {
    await expect(split(sql)).rejects.toThrow(message);
    await expect(split(sql, [1])).rejects.toThrow(message);
  });

  test("that is not read to its end gives its source back", async () => {
    let isOpen = true;
    async function* held() {
      try {
        for (;;) yield Buffer.from("select 1;\n");
      } finally {
        isOpen = false;
      }
    }
    for await (const _part of splitDump(held(), { standardStrings: true })) break;
    expect(isOpen).toBe(false);
  });

  test("has a bound on the length of a statement", async () => {
    async function* endless() {
      const chunk = Buffer.alloc(1024 * 1024, "x");
      yield Buffer.from("select '");
      for (;;) yield chunk;
    }
    const read = async () => {
      for await (const _part of splitDump(endless(), { standardStrings: true }));
    };
    await expect(read()).rejects.toThrow(/longer than 1048576 bytes: select 'xxx/);
  });
});
