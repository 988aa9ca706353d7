// `forklift restore` names the dump and the database in its result, and neither by its secrets.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  databaseExists,
  dropDatabaseAt,
  readDumpArchive,
  urlWithDatabase,
} from "@forklift/postgres";
import {
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  runForklift,
  sharedPath,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const { run, runJson } = inProcess(forklift);

/** The sample network's smallest archive, as a dump that lies on a server. */
const home = await mkdtemp(path.join(tmpdir(), "forklift-restore-"));
let dumpBytes: Buffer;
/** Rows of the dump, whose orphaned blocks have files, too. */
let blocks: number;
beforeAll(async () => {
  await runJson(["sample", "--out", home, "--blocks", "12", "--days", "1", "--finality", "3"]);
  const [name] = await readdir(path.join(home, "dumps"));
  dumpBytes = await readFile(path.join(home, "dumps", name!));
  blocks = (await readdir(path.join(home, "blocks"))).length;
});
afterAll(() => rm(home, { recursive: true }));

async function openDumpServer() {
  const server = createServer((_request, response) => response.end(dumpBytes));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Restored {
  readonly rows: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly leftOut: readonly { readonly kind: string; readonly count: number }[];
}

test("a dump behind a signed URL is restored, and no output holds what signs it", async () => {
  await using server = await openDumpServer();
  await using first = await openTestDatabase();
  await using second = await openTestDatabase();
  const dump = `http://me:s3cret@${server.host}/a.sql?sv=1&sig=s3cret`;
  const args = (db: string) => ["restore", "--dump", dump, "--db", db, "--log-level", "debug"];
  const shown = `http://***@${server.host}/a.sql?***`;

  const restored = await runJson<Restored>(args(first.url));
  expect(restored).toMatchObject({ ok: true, dump: shown });
  expect(restored.tables.find(({ name }) => name === "blocks")?.rows).toBe(blocks);
  const { stdout, stderr } = await run(args(second.url));
  expect(stdout).toContain(`restored 10 tables with ${restored.rows} rows of ${shown} into `);
  expect(stderr).toContain(shown);
  expect(stdout + stderr).not.toContain("s3cret");
});

test("a database that was made for a dump that is not there is taken back", async () => {
  await using beside = await openTestDatabase();
  const db = urlWithDatabase(beside.url, `${beside.name}_restored`);
  const { exit, stderr } = await run(["restore", "--dump", "/nowhere/a.sql", "--db", db]);
  expect(exit, stderr).toBe(65);
  expect(await databaseExists(db)).toBe(false);
});

/** The dump's SQL, to be changed and given as a file. */
async function sqlOfDump(): Promise<string> {
  const chunks: Uint8Array[] = [];
  async function* once() {
    yield dumpBytes;
  }
  for await (const chunk of readDumpArchive(once())) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function dumpFile(name: string, sql: string | Uint8Array): Promise<string> {
  const file = path.join(home, name);
  await writeFile(file, sql);
  return file;
}

const END = "--\n-- PostgreSQL database dump complete";

test("what a dump does besides holding rows is left out, and the result lists it", async () => {
  const sql = await sqlOfDump();
  const at = sql.lastIndexOf(END);
  const added = [
    "ALTER TABLE public.blocks OWNER TO nobody_here;",
    "CREATE ROLE evil SUPERUSER PASSWORD 's3cret';",
    "CREATE VIEW public.tips AS SELECT max(height) FROM public.blocks;",
    "COMMENT ON TABLE public.blocks IS 'of the chain; mine';",
  ];
  const dump = await dumpFile(
    "added.sql",
    `${sql.slice(0, at)}${added.join("\n")}\n${sql.slice(at)}`,
  );
  await using database = await openTestDatabase();
  const { exit, stdout, stderr } = await run(["restore", "--dump", dump, "--db", database.url]);
  expect(exit, stderr).toBe(0);
  for (const kind of ["owners", "roles", "views", "comments"]) {
    expect(stdout).toMatch(new RegExp(`^${kind} +1 `, "m"));
  }
  expect(stdout).toMatch(new RegExp(`^blocks +${blocks}$`, "m"));
  expect(stdout + stderr).not.toContain("s3cret");
  await using session = await openTestSession(database);
  expect(await session.query("select from pg_roles where rolname = 'evil'")).toEqual([]);
});

test.each<[string, (sql: string) => string, RegExp]>([
  [
    "runs a program",
    (sql) => sql.replace(END, `COPY public.blocks FROM PROGRAM 'id';\n${END}`),
    /statement \d+ at byte \d+ may not run: expected FROM STDIN, found FROM: COPY public.blocks FROM/,
  ],
  ["holds no table", () => END, /after statement 0, and has made no table with rows/],
  [
    "holds tables of something else",
    () => `create table t (a int);\nCOPY t (a) FROM stdin;\n1\n\\.\n${END}`,
    /the dump holds no archive that we know/,
  ],
  [
    "holds an archive's tables and no block",
    (sql) => sql.replaceAll(/(?<=^COPY .*;\n)(?:[^\\].*\n)+/gm, ""),
    /the dump holds an archive without a block/,
  ],
])("a dump that %s is refused, and its database is taken back", async (name, change, message) => {
  const dump = await dumpFile(`${name}.sql`, change(await sqlOfDump()));
  await using beside = await openTestDatabase();
  const db = urlWithDatabase(beside.url, `${beside.name}_restored`);
  const { exit, stderr } = await run(["restore", "--dump", dump, "--db", db]);
  expect(exit, stderr).toBe(65);
  expect(stderr).toMatch(message);
  expect(await databaseExists(db)).toBe(false);
});

test("a restore that has ended is known when it is run again, and another dump is not", async () => {
  const dump = await dumpFile("a.sql.tar.gz", dumpBytes);
  await using database = await openTestDatabase();
  const args = ["restore", "--dump", dump, "--db", database.url];
  const first = await runJson<Restored>(args);
  expect(await runJson(args)).toEqual(first);

  const other = await dumpFile("b.sql", await sqlOfDump());
  const refused = await run([...args.slice(0, 2), other, ...args.slice(3)]);
  expect(refused.exit).toBe(78);
  expect(refused.stderr).toMatch(
    /is not empty: it holds a dump with SHA-256 [0-9a-f]{64}, expected/,
  );

  await using session = await openTestSession(database);
  await session.query("delete from user_commands where id = (select max(id) from user_commands)");
  const changed = await run(args);
  expect(changed.exit).toBe(78);
  expect(changed.stderr).toMatch(
    /it held this dump and was changed: rows of blocks_user_commands \d+, exp/,
  );
});

test.skipIf(isMainnetDataMissing())(
  "a dump in directory format is restored from its folder, and known again",
  async () => {
    execFileSync("tar", ["-xzf", sharedPath("cases/dumps/directory-format.tar.gz"), "-C", home]);
    await using database = await openTestDatabase();
    await using plain = await openTestDatabase();
    const folder = path.join(home, "dirfmt");
    const args = (dump: string, db: string) => ["restore", "--dump", dump, "--db", db];
    const sql = sharedPath("cases/dumps/plain.sql.zst");
    const { tables } = await runJson<Restored>(args(sql, plain.url));
    const restored = await runJson<Restored>(args(`file://${folder}/`, database.url));
    expect(restored.tables).toEqual(tables);
    expect(await runJson(args(folder, database.url))).toMatchObject({ tables });

    const { exit, stderr } = await run(args(home, database.url));
    expect(exit).toBe(65);
    expect(stderr).toContain("is a folder without toc.dat: no dump of pg_dump");
  },
);

test("a restore that is killed at any moment is done by running it again", {
  tags: ["only-in-all"],
}, async () => {
  const dump = await dumpFile("killed.sql.tar.gz", dumpBytes);
  await using whole = await openTestDatabase();
  const rows = (await runJson<Restored>(["restore", "--dump", dump, "--db", whole.url])).tables;
  await using beside = await openTestDatabase();
  const db = urlWithDatabase(beside.url, `${beside.name}_killed`);
  const args = ["restore", "--dump", dump, "--db", db];
  const took = { afterMs: 0, killed: 0 };
  // From before the database is there to behind the commit.
  for (; took.afterMs < 2000; took.afterMs += 250) {
    const { signal } = await runForklift(args, { killAfterMs: took.afterMs });
    if (signal === null) break;
    took.killed += 1;
  }
  expect(took.killed).toBeGreaterThan(1);
  expect((await runJson<Restored>(args)).tables).toEqual(rows);
  await dropDatabaseAt(db);
});
