// Dumps that a parser splits into other statements than psql does where its lexical rules differ:
// we load the rows that psql loads, or refuse the dump.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { restoreDump } from "../../src/restore/restore-dump.ts";
import { openScratch } from "../../src/server/scratch-database.ts";
import { type Server, startServer } from "../../src/server/server.ts";
import { connect, type Session } from "../../src/session/session.ts";
import { HAS_PSQL } from "../shared-data.ts";

const END = "\n-- PostgreSQL database dump complete\n";
const TABLE = "CREATE TABLE public.t (a text);\nINSERT INTO public.t VALUES ('one');\n";
const MIB = 1024 * 1024;

let server: Server;
beforeAll(async () => {
  server = await startServer({ binaries: "auto" });
});
afterAll(() => server[Symbol.asyncDispose]());

async function inScratch<Result>(work: (session: Session, url: string) => Promise<Result>) {
  await using scratch = await openScratch(server.url, "agree");
  await using session = await connect(scratch.url, { applicationName: "forklift test" });
  return await work(session, scratch.url);
}

const rowsOf = async (session: Session) =>
  (await session.query<{ row: string }>("select t::text as row from public.t order by 1")).map(
    ({ row }) => row,
  );

async function* inChunks(sql: string, size: number) {
  const bytes = Buffer.from(sql);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The rows, or why there are none. */
async function oursOf(sql: string, chunkBytes = 65_536): Promise<readonly string[] | string> {
  return await inScratch(async (session) => {
    try {
      await restoreDump(session, inChunks(sql + END, chunkBytes));
      return await rowsOf(session);
    } catch (error) {
      expect(error).toMatchObject({ name: "SourceDataError" });
      return (error as Error).message;
    }
  });
}

async function psqlsOf(sql: string): Promise<readonly string[]> {
  return await inScratch(async (session, url) => {
    // It must not go to another database, nor stop where one of ours would.
    const own = sql.replaceAll(/^\\connect .*$/gm, "\\connect -");
    execFileSync("psql", ["-qX", "-d", url], { input: own, stdio: ["pipe", "ignore", "ignore"] });
    return await rowsOf(session);
  });
}

const LONG_TAG = `$${"T".repeat(300)}$`;

describe.skipIf(!HAS_PSQL)("the rows are psql's, or the dump is refused:", () => {
  test.each<[string, string]>([
    [
      "a tag of hundreds of letters",
      `SET check_function_bodies = off;\n${TABLE}CREATE FUNCTION public.f() RETURNS int LANGUAGE sql ` +
        `AS ${LONG_TAG} select 1;\nINSERT INTO public.t VALUES ('planted');\n${LONG_TAG};`,
    ],
    ["a carriage return in a comment", `${TABLE}-- x\rINSERT INTO public.t VALUES ('two');\n`],
    [
      "a carriage return in a comment inside",
      `${TABLE}COMMENT ON TABLE public.t IS 'x' -- x\r;\nINSERT INTO public.t VALUES ('two');\n`,
    ],
    [
      "comments in comments",
      `${TABLE}/* /* */ ; */ INSERT /*/ * /**/ */ INTO public.t VALUES ('2');`,
    ],
    [
      "a new session",
      `SET standard_conforming_strings = off; SET DateStyle = 'SQL, DMY';\n\\connect x\n` +
        `CREATE TABLE public.t (a text, d date); INSERT INTO public.t VALUES ('a\\\\b', '01/02/2020');`,
    ],
    [
      "a time zone of the session before",
      `SET TimeZone = 'Asia/Tokyo';\n\\connect x\nCREATE TABLE public.t (a timestamptz);\n` +
        `INSERT INTO public.t VALUES ('2020-01-01 00:00');`,
    ],
    [
      "a number before a dollar quote",
      `${TABLE}COMMENT ON TABLE t IS 1$$;\nINSERT INTO t VALUES ('x');\n-- $$;`,
    ],
    ["the default search path", `SET search_path TO DEFAULT;\n${TABLE}`],
    [
      "identifiers in quotes",
      `CREATE TABLE "public"."t" ("a" "text");\nINSERT INTO "public"."t" VALUES ('x');`,
    ],
    [
      "a comment behind COPY",
      `CREATE TABLE public.t (a text);\nCOPY public.t FROM stdin; -- rows\none\n\\.\n`,
    ],
    ["a comment at the end", `${TABLE}${END}/* bye */`],
    ["an encoding of psql", `\\encoding SQL_ASCII\n${TABLE}`],
    [
      "inherited rows",
      `CREATE TABLE public.t (a text); CREATE TABLE public.c (b text) INHERITS (public.t);\n` +
        `INSERT INTO public.t VALUES ('one'); INSERT INTO public.c VALUES ('two', 'x');`,
    ],
  ])("%s", async (_name, sql) => {
    expect(await oursOf(sql)).toEqual(await psqlsOf(sql));
  });
});

/** Lines that are nearly an end mark, or hold one elsewhere. */
const LOOK_ALIKES = String.raw`\\. x\\. \\.x . \\ \N \\N \n\\. é\\.é -- ' COPY \t\\.\r `.split(" ");

describe.skipIf(!HAS_PSQL)("rows that look like the end of rows are psql's", () => {
  const table = "CREATE TABLE public.t (a text);\n";
  const sql = `${table}COPY public.t (a) FROM stdin;\n${LOOK_ALIKES.join("\n")}\n\\.\n`;
  let rows: readonly string[];
  beforeAll(async () => {
    rows = await psqlsOf(sql);
    expect(rows).toHaveLength(LOOK_ALIKES.length);
  });

  test.each([1, 2, 3, 4, 5, 7, 11, 64])("in pieces of %i bytes", async (chunkBytes) => {
    expect(await oursOf(sql, chunkBytes)).toEqual(rows);
  });

  test("a mark behind a row, after which the server takes no more", async () => {
    const cut = `${table}COPY public.t (a) FROM stdin;\none\\.\ntwo\n\\.\n`;
    expect(await oursOf(cut, 1)).toEqual(await psqlsOf(cut));
  });
});

describe("a dump is refused for", () => {
  test.each<[string, string, RegExp]>([
    [
      "a psql command behind a typed literal",
      `${TABLE}CREATE VIEW public.v AS SELECT name'\\' AS n \\g\nINSERT INTO public.t VALUES ($$'x$$);`,
      /psql command or/,
    ],
    ["a variable that steers psql", `\\set AUTOCOMMIT off\n${TABLE}`, /psql command at byte 0/],
    ["a database that a variable names", `\\connect :D\n${TABLE}`, /psql command at byte 0/],
    [
      "a statement behind a comment behind COPY",
      `CREATE TABLE public.t (a text);\nCOPY public.t FROM stdin; -- x\rINSERT;\none\n\\.\n`,
      /where its rows begin/,
    ],
    [
      "a NUL in a comment",
      `${TABLE}-- ${"x".repeat(1024)}\0\nINSERT;`,
      /line at byte 69 has a NUL/,
    ],
    [
      "rows through a view",
      `${TABLE}CREATE VIEW v AS SELECT 1;\nINSERT INTO v VALUES ('x');`,
      /rows go into v/,
    ],
    [
      "a child in another schema",
      `${TABLE}CREATE TABLE s.c () INHERITS (public.t);`,
      /in another schema, and inherits/,
    ],
    [
      "a schema that goes away",
      `${TABLE}ALTER SCHEMA public RENAME TO attic;`,
      /takes away a schema/,
    ],
    [
      "abbreviations of others",
      `SET timezone_abbreviations = 'India';\n${TABLE}`,
      /mean, with timezone_abb/,
    ],
    [
      "a word of the session",
      `CREATE TABLE public.t ("user" text CHECK (user = 'x'));`,
      /a plain value/,
    ],
    [
      "the sequence of a serial",
      `CREATE TABLE public.t (i serial);\nDROP SEQUENCE t_i_seq;`,
      /dump made/,
    ],
    [
      "objects without names, by the thousand",
      `${TABLE}${"CREATE INDEX ON public.t (a);\n".repeat(2000)}`,
      /makes more than 1000 objects/,
    ],
    [
      "a psql command inside a statement",
      `${TABLE}COMMENT ON TABLE public.t IS 'a' \\g\nCOMMENT;`,
      /psql command or/,
    ],
    [
      "a variable of psql",
      `\\set v x\n${TABLE}COMMENT ON TABLE public.t IS :v;`,
      /variable of psql inside/,
    ],
    [
      "SQL behind \\set",
      `${TABLE}\\set x 1 \\\\ INSERT INTO public.t VALUES ('two');`,
      /psql command at byte/,
    ],
    [
      "SQL behind \\restrict",
      `${TABLE}\\restrict x \\\\ DROP TABLE public.t;`,
      /psql command at byte/,
    ],
    [
      "a line of megabytes",
      `${TABLE}--${";".repeat(2 * MIB)}INSERT;`,
      /line at byte 69 is longer than 65536/,
    ],
    [
      "two calls in one",
      `${TABLE}SELECT pg_catalog.lo_create('0'), pg_catalog.setval('s', 5);`,
      /may not run/,
    ],
    [
      "a path of two schemas",
      `SET search_path = foo, public;\n${TABLE}`,
      /each of the schemas foo, public/,
    ],
    [
      "NULL that equals",
      `SET transform_null_equals = on;\n${TABLE}`,
      /mean, with transform_null_equals/,
    ],
    [
      "an index made meanwhile",
      `${TABLE}CREATE INDEX CONCURRENTLY ON t (a);`,
      /expected the name of an index/,
    ],
    ["another encoding", `\\encoding LATIN1\n${TABLE}`, /encoded in LATIN1, .* --encoding=UTF8/],
    ["a NUL in a statement", `${TABLE}${" ".repeat(1024)}COMMENT ON TABLE t IS '\0';`, /NUL byte/],
    [
      "two tables in the place of a table",
      `CREATE TABLE public.t (a text), public.u (a text);`,
      /may not run/,
    ],
  ])("%s", async (_name, sql, message) => {
    expect(await oursOf(sql)).toMatch(message);
  });

  // Each of them kept a reader busy for a minute, or filled its memory.
  test.each<[string, string]>([
    ["comments in comments in comments", `${"/* ".repeat(150_000)}${"*/ ".repeat(150_000)};`],
    ["comments line by line", `INSERT INTO public.t ${"--\n".repeat(2 * MIB)} DEFAULT VALUES;`],
    ["an operator without an end", `SET x = ${"+".repeat(MIB)};`],
    ["signs upon signs", `SET x = ${"+-*".repeat(MIB / 4)};`],
    ["a name of parts upon parts", `CREATE VIEW ${"a.".repeat(MIB)}a AS SELECT 1;`],
    ["words before the verb", `CREATE ${"or ".repeat(MIB)}VIEW x;`],
    ["a list of things to drop", `DROP TABLE ${"b,".repeat(MIB)}b;`],
    ["a column of checks", `CREATE TABLE public.u (a int ${"check (a > 1) ".repeat(100_000)});`],
    ["an enum of labels", `CREATE TYPE e AS ENUM (${"'a',".repeat(MIB)}'b');`],
    ["rows upon rows", `INSERT INTO public.t VALUES ${"('x'),".repeat(2 * MIB)}('y');`],
    ["things that are left out", "CREATE VIEW v;\n".repeat(3).replaceAll("v;", "v; ")],
    ["quotes that open quotes", `COMMENT ON TABLE t IS ${"$a$ $b$ ".repeat(100_000)};`],
    ["statements of nothing", " ;;; ".repeat(10 * MIB)],
    ["dollars", `${"$".repeat(900_000)};`],
  ])("within seconds and within bounds: %s", async (_name, sql) => {
    const before = process.memoryUsage.rss();
    const start = performance.now();
    await oursOf(TABLE + sql);
    // No figure: a bound that a quadratic reader exceeds many times over.
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * MIB);
  });
});
