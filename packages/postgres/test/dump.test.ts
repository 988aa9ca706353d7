import { execFileSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDump } from "../src/dump/dump.ts";
import { readDumpArchive } from "../src/dump/dump-archive.ts";
import { packDump } from "../src/dump/pack-dump.ts";
import { restoreDump } from "../src/restore/restore-dump.ts";
import { type Catalog, readCatalog } from "../src/schema/catalog.ts";
import { findPgDumps } from "../src/server/binaries.ts";
import { openScratch, type ScratchDatabase } from "../src/server/scratch-database.ts";
import { type Server, startServer } from "../src/server/server.ts";
import { connect } from "../src/session/session.ts";
import { HAS_PG_DUMP, HAS_PSQL } from "./shared-data.ts";

const DDL = {
  tables: `
create type mood as enum ('good', 'bad');
create table parents (id serial not null, name text not null, moods bigint[] not null, mood mood);
create table "odd;children" (parent_id integer not null, place bigint not null, "timestamp" text);
create table notes (note text);
`,
  constraints: `
alter table parents add constraint parents_pkey primary key (id);
alter table "odd;children" add constraint odd_pkey primary key (place, parent_id);
create index idx_place on "odd;children" (place);
alter table "odd;children" add constraint odd_fkey
  foreign key (parent_id) references parents (id) on delete cascade;
`,
};

let server: Server;
let source: ScratchDatabase;
let folder: string;
let expected: Content;

interface Content {
  readonly catalog: Catalog;
  readonly rows: string;
  readonly nextId: unknown;
}

async function contentOf(url: string): Promise<Content> {
  await using session = await connect(url, { applicationName: "dump test" });
  const [rows] = await session.query<{ text: string }>(
    `select (select json_agg(p order by id) from parents p)::text ||
            (select json_agg(c order by place, parent_id) from "odd;children" c)::text ||
            (select json_agg(n order by note) from notes n)::text as text`,
  );
  const [sequence] = await session.query("select last_value, is_called from parents_id_seq");
  return { catalog: await readCatalog(session), rows: rows?.text ?? "", nextId: sequence };
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "fl-dump-"));
  server = await startServer({ binaries: "auto" });
  source = await openScratch(server.url, "dump_source");
  await using session = await connect(source.url, { applicationName: "dump test" });
  await session.query(DDL.tables);
  await session.query(`
    insert into parents (name, moods, mood)
      select E'tab\\t newline\\n \\\\. ''' || n, array[n, -n], 'bad' from generate_series(1, 500) n;
    insert into "odd;children"
      select 501 - n, n % 7, case when n % 3 > 0 then n::text end from generate_series(1, 500) n;
    insert into notes values ('b'), (null), ('a'), ('a');`);
  await session.query(DDL.constraints);
  await session.query("create schema forklift; create table forklift.marks (a int)");
  expected = await contentOf(source.url);
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const dump = async (writer: "own" | "pg_dump", name: string) => {
  const out = path.join(folder, name);
  const result = await writeDump({ url: source.url, ddl: DDL, out, writer });
  expect(result).toEqual({ writer, passedOver: [] });
  return out;
};

const WRITERS = HAS_PG_DUMP ? (["own", "pg_dump"] as const) : (["own"] as const);

describe.each(WRITERS)("a dump written by the writer %s", (writer) => {
  test("holds the whole of schema public and nothing else, packed or not", async () => {
    const sql = await dump(writer, `${writer}.sql`);
    const packed = `${sql}.tar.gz`;
    await packDump(sql, "archive.sql", packed);
    for (const file of [sql, packed]) {
      await using target = await openScratch(server.url, "dump_target");
      await using session = await connect(target.url, { applicationName: "dump test" });
      const { copiedRows } = await restoreDump(session, readDumpArchive(createReadStream(file)));
      expect(copiedRows).toBe(1004);
      expect(await contentOf(target.url)).toEqual(expected);
      const marks = await session.query("select to_regclass('forklift.marks') as marks");
      expect(marks).toEqual([{ marks: null }]);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("is aborted by a signal, and leaves nothing", async () => {
    const out = path.join(folder, `stopped-${writer}.sql`);
    const signal = AbortSignal.abort();
    const stopped = writeDump({ url: source.url, ddl: DDL, out, writer, signal });
    await expect(stopped).rejects.toThrow(/abort/);
    const sql = await dump(writer, `whole-${writer}.sql`);
    await expect(packDump(sql, "archive.sql", `${out}.tar.gz`, { signal })).rejects.toThrow(
      /abort/,
    );
    expect((await readdir(folder)).filter((name) => name.startsWith("stopped-"))).toEqual([]);
  });

  test.skipIf(!HAS_PSQL)("is read by psql to the same end", async () => {
    const sql = await dump(writer, `${writer}-psql.sql`);
    await using target = await openScratch(server.url, "dump_psql");
    execFileSync("psql", ["-qX", "-v", "ON_ERROR_STOP=1", "-d", target.url, "-f", sql]);
    expect(await contentOf(target.url)).toEqual(expected);
  });
});

/** Linux has it: each write to it finds the disk full. */
const FULL_DISK = "/dev/full";

describe.skipIf(!existsSync(FULL_DISK))("a full disk", () => {
  const full = { exit: "tryAgain", message: expect.stringMatching(/ENOSPC|No space left/) };

  test.each(WRITERS)("means: try again, to the writer %s", async (writer) => {
    const out = path.join(folder, `full-${writer}.sql`);
    await symlink(FULL_DISK, `${out}.partial`);
    const dumping = writeDump({ url: source.url, ddl: DDL, out, writer });
    await expect(dumping).rejects.toMatchObject(full);
    expect((await readdir(folder)).filter((name) => name.startsWith("full"))).toEqual([]);
  });

  test("means: try again, to who packs a dump", async () => {
    const out = path.join(folder, "full.tar.gz");
    await symlink(FULL_DISK, `${out}.partial`);
    const sql = await dump("own", "to-pack.sql");
    await expect(packDump(sql, "archive.sql", out)).rejects.toMatchObject(full);
  });
});

/** Of the processes that were started with this argument; those that end meanwhile are none. */
async function pidsOf(argument: string): Promise<number[]> {
  const found = (await readdir("/proc")).filter(Number).map(async (pid) => {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return commandLine.includes(argument) ? [Number(pid)] : [];
  });
  return (await Promise.all(found)).flat();
}

describe.skipIf(!HAS_PG_DUMP)("what pg_dump complains of", () => {
  const dumping = (name: string, url = source.url) =>
    writeDump({ url, ddl: DDL, out: path.join(folder, name), writer: "pg_dump" });

  /** It waits for a table, so that there is time to end it. */
  async function whileItWaits(work: () => Promise<void>): Promise<void> {
    await using session = await connect(source.url, { applicationName: "dump test" });
    await session.transaction(async () => {
      await session.query("lock table parents");
      await work();
    });
  }

  test("means: try again, when its connection is cut", async () => {
    await whileItWaits(async () => {
      const cut = expect(dumping("cut.sql")).rejects.toMatchObject({
        exit: "tryAgain",
        message: expect.stringContaining("terminating connection due to administrator command"),
      });
      await using other = await connect(source.url, { applicationName: "dump test" });
      const terminate = () =>
        other.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'pg_dump' and wait_event_type = 'Lock'`,
        );
      await expect.poll(terminate, { timeout: 30_000 }).toHaveLength(1);
      await cut;
    });
  });

  test("means: try again, when the system ended it", async () => {
    await whileItWaits(async () => {
      const ended = expect(dumping("ended.sql")).rejects.toMatchObject({
        exit: "tryAgain",
        message: expect.stringContaining("ended with SIGKILL"),
        hint: expect.stringContaining("memory"),
      });
      const kill = async () => {
        const pids = await pidsOf(`--file=${path.join(folder, "ended.sql")}`);
        for (const pid of pids) process.kill(pid, "SIGKILL");
        return pids;
      };
      await expect.poll(kill, { timeout: 30_000 }).toHaveLength(1);
      await ended;
    });
  });

  test("means: configure, when its role may not read a table", async () => {
    await using session = await connect(source.url, { applicationName: "dump test" });
    await session.query("create role stranger login");
    const refused = dumping("refused.sql", source.url.replace("postgres@", "stranger@"));
    await expect(refused).rejects.toMatchObject({
      exit: "config",
      message: expect.stringMatching(/stranger@.*permission denied for table/),
    });
  });

  test("names the tables of which a policy would hide rows", {
    tags: ["only-in-all"],
  }, async () => {
    await using session = await connect(source.url, { applicationName: "dump test" });
    await session.query(`
      create role walled_in login; grant select on all tables in schema public to walled_in;
      grant select on all sequences in schema public to walled_in;
      alter table notes enable row level security`);
    const refused = dumping("hidden.sql", source.url.replace("postgres@", "walled_in@"));
    await expect(refused).rejects.toMatchObject({
      exit: "config",
      hint: expect.stringContaining("BYPASSRLS"),
    });
    await session.query("alter table notes disable row level security");
  });
});

describe("a pg_dump that does not work", { tags: ["only-in-all"] }, () => {
  const LIBRARY =
    "error while loading shared libraries: libpq.so.5: cannot open shared object file";
  const MISMATCH = "pg_dump: error: aborting because of server version mismatch";

  const FAULTS: readonly (readonly [
    what: string,
    text: string | null,
    mode: number,
    says: RegExp,
  ])[] = [
    ["is missing", null, 0o755, /ENOENT/],
    ["is not executable", "#!/bin/sh\n", 0o644, /EACCES/],
    ["is no program", "", 0o755, /no whole dump|ENOEXEC/],
    ["lacks its interpreter", "#!/nowhere/sh\n", 0o755, /ENOENT/],
    ["lacks a library", `#!/bin/sh\necho '${LIBRARY}' >&2; exit 127\n`, 0o755, /shared libraries/],
    ["is of another version", `#!/bin/sh\necho '${MISMATCH}' >&2; exit 1\n`, 0o755, /mismatch/],
    ["fails in another language", "#!/bin/sh\necho 'FEHLER: nein' >&2; exit 1\n", 0o755, /nein/],
  ];

  test.each(FAULTS)("since it %s is passed over", async (what, text, mode, says) => {
    const program = path.join(folder, `pg_dump that ${what}`);
    if (text !== null) await writeFile(program, text, { mode });
    const out = path.join(folder, `without one that ${what}.sql`);
    const options = { url: source.url, ddl: DDL, out, pgDumps: async () => [program] };
    const { writer, passedOver } = await writeDump(options);
    expect({ writer, passedOver }).toEqual({
      writer: "own",
      passedOver: [expect.stringMatching(says)],
    });
    await expect(writeDump({ ...options, writer: "pg_dump" })).rejects.toMatchObject({
      exit: "config",
      message: expect.stringMatching(says),
    });
    await using target = await openScratch(server.url, "dump_target");
    await using session = await connect(target.url, { applicationName: "dump test" });
    await restoreDump(session, readDumpArchive(createReadStream(out)));
    expect(await contentOf(target.url)).toEqual(expected);
  });

  test.skipIf(!HAS_PG_DUMP)("makes room for the next one", async () => {
    const [working] = await findPgDumps(0);
    const out = path.join(folder, "by the next.sql");
    const pgDumps = async () => [path.join(folder, "nowhere"), working!];
    const result = await writeDump({ url: source.url, ddl: DDL, out, pgDumps });
    expect(result).toEqual({ writer: "pg_dump", passedOver: [expect.stringContaining("ENOENT")] });
    expect((await readdir(folder)).filter((name) => /partial|authorities/.test(name))).toEqual([]);
  });
});

describe("our own writer", () => {
  test("gives the same bytes for the same rows, whatever their order on disk", async () => {
    const first = await dump("own", "first.sql");
    await using session = await connect(source.url, { applicationName: "dump test" });
    await session.query("update parents set name = name where id % 2 = 0");
    await session.query("vacuum full parents");
    const second = await dump("own", "second.sql");
    expect(await readFile(second, "utf8")).toBe(await readFile(first, "utf8"));
  });

  test("leaves no file behind when it fails", async () => {
    const out = path.join(folder, "failed.sql");
    const url = source.url.replace("dump_source", "nowhere");
    await expect(writeDump({ url, ddl: DDL, out, writer: "own" })).rejects.toThrow(/nowhere/);
    expect((await readdir(folder)).filter((name) => name.startsWith("failed"))).toEqual([]);
  });
});

describe("a packed dump", () => {
  test("is the same bytes each time, and one that tar can list", async () => {
    const sql = await dump("own", "packed.sql");
    const archives = ["one.tar.gz", "two.tar.gz"].map((name) => path.join(folder, name));
    for (const archive of archives) {
      await packDump(sql, "archive-2021.sql", archive, { mtime: new Date("2021-03-20T00:00:00Z") });
    }
    const [one = "", two = ""] = archives;
    expect((await readFile(one)).equals(await readFile(two))).toBe(true);
    const listing = execFileSync("tar", ["-tvzf", one], { encoding: "utf8", env: { TZ: "UTC" } });
    expect(listing).toMatch(/2021-03-20 00:00 archive-2021.sql\n$/);
  });
});
