import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDumpArchive } from "../../src/dump/dump-archive.ts";
import { restoreDump } from "../../src/restore/restore-dump.ts";
import { readCatalog } from "../../src/schema/catalog.ts";
import { openScratch, type ScratchDatabase } from "../../src/server/scratch-database.ts";
import { type Server, startServer } from "../../src/server/server.ts";
import { connect, type Session } from "../../src/session/session.ts";
import { HAS_PSQL, isMissingRealData, REAL_DUMP } from "../shared-data.ts";

const END = "--\n-- PostgreSQL database dump complete\n--\n";

let server: Server;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "fl-restore-"));
  server = await startServer({ binaries: "auto" });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function withSession<Result>(
  work: (session: Session, scratch: ScratchDatabase) => Promise<Result>,
): Promise<Result> {
  await using scratch = await openScratch(server.url, "restore");
  await using session = await connect(scratch.url, { applicationName: "restore test" });
  return await work(session, scratch);
}

async function* once(bytes: string | Uint8Array) {
  yield Buffer.from(bytes);
}

const restoreText = (session: Session, sql: string | Uint8Array) =>
  restoreDump(session, readDumpArchive(once(sql)));

async function tablesOf(session: Session): Promise<Record<string, string>> {
  const counts: Record<string, string> = {};
  for (const table of Object.keys((await readCatalog(session)).tables)) {
    const [row] = await session.query<{ digest: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(r::text, 0)), 0) as digest
       from public."${table}" r`,
    );
    counts[table] = row?.digest ?? "";
  }
  return counts;
}

describe.skipIf(isMissingRealData)("a real dump of the network", () => {
  test("gives the rows and the schema that psql gives", async () => {
    const bytes: number[] = [];
    const ours = await withSession(async (session) => {
      const onProgress = (progress: { bytes: number }) => bytes.push(progress.bytes);
      const sql = readDumpArchive(createReadStream(REAL_DUMP));
      const result = await restoreDump(session, sql, { onProgress });
      expect(result).toMatchObject({ copiedRows: 29_197, bytes: 1_829_068 });
      expect(bytes.at(-1)).toBe(1_829_068);
      const [searchPath] = await session.query("show search_path");
      expect(searchPath).toEqual({ search_path: "public" });
      return { tables: await tablesOf(session), catalog: await readCatalog(session) };
    });
    expect(ours.tables["blocks"]).toMatch(/^1936 /);
    if (!HAS_PSQL) return;
    const dump = gunzipSync(await readFile(REAL_DUMP));
    await withSession(async (session, { url }) => {
      // psql must stay in its database: without the tar's header and what --create wrote.
      const sql = dump
        .subarray(512, 512 + 1_829_068)
        .toString()
        .replace(/^CREATE DATABASE.*$/m, "")
        .replace(/^\\(connect|restrict|unrestrict).*$/gm, "");
      execFileSync("psql", ["-qX", "-v", "ON_ERROR_STOP=1", "-d", url], { input: sql });
      expect(await tablesOf(session)).toEqual(ours.tables);
      expect(await readCatalog(session)).toEqual(ours.catalog);
    });
  });

  test("is refused when truncated or damaged, and leaves the database empty", async () => {
    const whole = await readFile(REAL_DUMP);
    const damaged = Buffer.from(whole);
    damaged.fill(0x55, whole.length >> 1, (whole.length >> 1) + 64);
    const tar = gunzipSync(whole);
    const cases: [string, Uint8Array, RegExp][] = [
      ["gzip cut off", whole.subarray(0, whole.length >> 1), /gzip is damaged/],
      ["gzip without its last byte", whole.subarray(0, -1), /gzip is damaged/],
      ["gzip damaged", damaged, /gzip is damaged/],
      ["tar cut off", gzipSync(tar.subarray(0, 1_000_000)), /tar is damaged/],
      [
        "SQL cut off in rows",
        tar.subarray(512, 400_000),
        /data of statement \d+ ends at byte 399488/,
      ],
      [
        "SQL cut off in DDL",
        tar.subarray(512, 3100),
        /statement 29 at byte \d+ is cut off: (CREATE|ALTER)/,
      ],
      ["SQL cut off between", tar.subarray(512, 512 + 1_828_894), /(cut off|without "PostgreSQL)/],
    ];
    for (const [name, bytes, message] of cases) {
      await withSession(async (session) => {
        const error = await restoreText(session, bytes).catch((reason: Error) => reason);
        expect(error, name).toMatchObject({
          name: "SourceDataError",
          message: expect.stringMatching(message),
        });
        expect(Object.keys((await readCatalog(session)).tables), name).toEqual([]);
      });
    }
  });
});

describe("what is no dump", () => {
  const member = (name: string) => ({ header: { name, size: 9 }, body: "set a= 1;" });
  test.each<[string, () => Promise<string | Uint8Array>, RegExp]>([
    ["html", async () => "<!DOCTYPE html><p>not found</p>", /not a plain SQL dump.*DOCTYPE/],
    ["packed html", async () => gzipSync("<html>"), /not a plain SQL dump/],
    ["binary", async () => Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), /not a plain SQL dump/],
    ["prose", async () => "Service unavailable", /is cut off: Service unavailable/],
    ["nothing", async () => "", /the dump is empty/],
    [
      "a dump without its end",
      async () => "create table t (a int);\n",
      /ends at byte 24, after statement 1, without/,
    ],
    ["a tar without SQL", () => packTar([member("a.txt")]), /no .sql file/],
    ["a tar with two", () => packTar([member("a.sql"), member("b.sql")]), /two dumps, a.sql and b/],
    ["a psql command", async () => `\\! rm -rf x\n${END}`, /psql command at byte 0: \\! rm/],
    ["two databases", async () => `\\connect a\n\\connect b\n${END}`, /second database at byte 11/],
    ["LATIN1", async () => `SET client_encoding = 'LATIN1';\n${END}`, /encoded in LATIN1/],
    [
      "wrong SQL",
      async () => `set a= 1;\ncreate table t (a no_type);\n${END}`,
      /statement 2 at byte 10 may not run: the type no_type is neither .*: create table t \(a no_type\);/,
    ],
    [
      "wrong rows",
      async () => `create table t (a int);\nCOPY t (a) FROM stdin;\nx\n\\.\n${END}`,
      /statement 2 at byte 24 fails: invalid input syntax for type integer.*: COPY t/,
    ],
  ])("is refused with what was found: %s", async (_name, bytes, message) => {
    const sql = await bytes();
    await withSession(async (session) => {
      await expect(restoreText(session, sql)).rejects.toMatchObject({
        name: "SourceDataError",
        message: expect.stringMatching(message),
      });
      expect(Object.keys((await readCatalog(session)).tables)).toEqual([]);
    });
  });
});

describe("a restore", () => {
  test("takes tricky data and names as they are", async () => {
    const sql = [
      "\\restrict key",
      "SET transaction_timeout = 0;",
      "CREATE DATABASE other WITH TEMPLATE = template0;",
      "ALTER DATABASE other OWNER TO nobody_here;",
      "\\connect other",
      "SELECT pg_catalog.set_config('search_path', '', false);",
      `CREATE TABLE public."a;b" (id int, "x""y" text);`,
      `ALTER TABLE public."a;b" OWNER TO nobody_here;`,
      "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ select 'a;''b' $_$;",
      `COPY public."a;b" (id, "x""y") FROM stdin;`,
      "1\t\\\\.",
      "2\tend \\\\. ; -- 'quote \"double $$",
      "3\t\\N",
      "\\.",
      "GRANT ALL ON SCHEMA public TO nobody_here;",
      END,
    ].join("\n");
    await withSession(async (session) => {
      const result = await restoreText(session, sql);
      expect(result.tables).toEqual([{ name: "a;b", rows: 3 }]);
      expect(result.leftOut.map(({ kind, count }) => [kind, count])).toEqual([
        ["settings", 1],
        ["databases", 2],
        ["owners", 1],
        ["functions", 1],
        ["grants", 1],
      ]);
      expect(await session.query(`select "x""y" as x from "a;b" order by id`)).toEqual([
        { x: "\\." },
        { x: `end \\. ; -- 'quote "double $$` },
        { x: null },
      ]);
    });
  });

  test("tells of every table that it made, also of one without a row", async () => {
    const tables =
      "create table b (a int);\ncreate table a (a int);\ninsert into b values (1), (2);\n";
    await withSession(async (session) => {
      expect((await restoreText(session, tables + END)).tables).toEqual([
        { name: "a", rows: 0 },
        { name: "b", rows: 2 },
      ]);
    });
  });

  test("is refused into a database that is not empty", async () => {
    await withSession(async (session) => {
      await session.query("create table mine (a int)");
      await expect(restoreText(session, END)).rejects.toMatchObject({
        name: "ConfigError",
        message: expect.stringMatching(/is not empty: it has a table "mine"/),
      });
    });
  });

  test("stops at a signal and leaves the database empty", async () => {
    const controller = new AbortController();
    async function* endless() {
      yield Buffer.from("create table t (a int);\nCOPY t (a) FROM stdin;\n");
      for (;;) yield Buffer.from("1\n");
    }
    await withSession(async (session) => {
      let seen = 0;
      const onProgress = () => {
        if (++seen === 1000) controller.abort();
      };
      const options = { signal: controller.signal, onProgress };
      await expect(restoreDump(session, endless(), options)).rejects.toMatchObject({
        name: "TryAgainError",
      });
      expect(await tablesOf(session)).toEqual({});
    });
  });

  test("stops at a signal while its source sends nothing", async () => {
    const controller = new AbortController();
    async function* stalled() {
      yield Buffer.from("create table t (a int);\n");
      await new Promise(() => undefined);
    }
    await withSession(async (session) => {
      const restoring = restoreDump(session, stalled(), { signal: controller.signal });
      setTimeout(() => controller.abort(), 200);
      await expect(restoring).rejects.toMatchObject({ name: "TryAgainError" });
      expect(await tablesOf(session)).toEqual({});
    });
  });

  test("stops at a signal while a statement waits on the server", async () => {
    const controller = new AbortController();
    await withSession(async (session, { url }) => {
      await using other = await connect(url, { applicationName: "restore test" });
      await other.transaction(async () => {
        // Every new sequence is written here, and nothing else is.
        await other.query("lock table pg_catalog.pg_sequence in access exclusive mode");
        const dump = once(`create table t (a int);\ncreate sequence s;\n${END}`);
        const restoring = restoreDump(session, dump, { signal: controller.signal });
        const waits = async () => {
          const [row] = await other.query<{ count: string }>(
            "select count(*) from pg_locks where not granted",
          );
          return row?.count;
        };
        const ended = expect(restoring).rejects.toMatchObject({
          name: "TryAgainError",
          message: "stopped by a signal while restoring a dump",
        });
        await expect.poll(waits).toBe("1");
        controller.abort();
        await ended;
      });
      expect(await tablesOf(session)).toEqual({});
    });
  });

  test.each([
    [
      "a statement",
      `create table t (a int);\0;\n${END}`,
      /^statement 2 at byte 1049 may not run: it has a NUL byte/,
    ],
    [
      "a row",
      `create table t (a text);\nCOPY t (a) FROM stdin;\nx\0y\n\\.\n${END}`,
      /^the rows of statement 2 hold a NUL at byte 1 of them: COPY t/,
    ],
  ])("refuses a NUL byte in %s", async (_where, sql, message) => {
    await withSession(async (session) => {
      await expect(
        restoreDump(session, once(` ${"-".repeat(1024)}\n${sql}`)),
      ).rejects.toMatchObject({
        name: "SourceDataError",
        message: expect.stringMatching(message),
      });
      expect(await tablesOf(session)).toEqual({});
    });
  });

  test("passes on an error of the stream that it reads from", async () => {
    async function* failing() {
      yield gzipSync(`set a = 1;\n${"-- filler\n".repeat(1000)}`).subarray(0, 40);
      throw new Error("storage broke");
    }
    await withSession(async (session) => {
      const restoring = restoreDump(session, readDumpArchive(failing()));
      await expect(restoring).rejects.toThrow("storage broke");
    });
  });

  test.each<[string, (sql: string) => Promise<Uint8Array>]>([
    ["sql", async (sql) => Buffer.from(sql)],
    ["sql.gz", async (sql) => gzipSync(sql)],
    [
      "sql.tar.gz",
      async (sql) =>
        gzipSync(await packTar([{ header: { name: "a.sql", size: sql.length }, body: sql }])),
    ],
  ])("that fails in the middle of a .%s closes the file", async (kind, pack) => {
    const file = path.join(folder, `failing.${kind}`);
    // Words that do not pack, so that the file is open still when the statement before them fails.
    const rest = `-- ${randomBytes(4 * 1024 * 1024).toString("hex")}\n${END}`;
    await writeFile(file, await pack(`create table t (a int, a int);\n${rest}`));
    const stream = createReadStream(file);
    await withSession(async (session) => {
      const restoring = restoreDump(session, readDumpArchive(stream));
      await expect(restoring).rejects.toThrow('column "a" specified more than once');
      await expect.poll(() => stream.closed).toBe(true);
    });
  });

  // 200 MB pass through, in and out; what is held at any time stays below 64 MB.
  test("and a reading of lines hold a bounded amount of memory", { timeout: 60_000 }, async () => {
    const rowCount = 200_000;
    const filler = "x".repeat(1000);
    let peakBytes = 0;
    const sample = () => {
      const { heapUsed, external } = process.memoryUsage();
      peakBytes = Math.max(peakBytes, heapUsed + external);
    };
    async function* large() {
      yield Buffer.from("create table t (id int, filler text);\nCOPY t (id, filler) FROM stdin;\n");
      for (let id = 0; id < rowCount; id += 100) {
        const rows = Array.from({ length: 100 }, (_, index) => `${id + index}\t${filler}\n`);
        yield Buffer.from(rows.join(""));
      }
      yield Buffer.from(`\\.\n${END}`);
    }
    await withSession(async (session) => {
      sample();
      const before = peakBytes;
      const { copiedRows } = await restoreDump(session, large(), { onProgress: sample });
      expect(copiedRows).toBe(rowCount);
      let lines = 0;
      for await (const line of session.copyLines("select * from t")) {
        lines += 1;
        if (line.length < 1000) throw new Error("line cut");
        if (lines % 1000 === 0) sample();
      }
      expect(lines).toBe(rowCount);
      expect(peakBytes - before).toBeLessThan(64 * 1024 * 1024);
    });
  });
});
