import { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createDatabaseIfMissing,
  databaseExists,
  dropDatabase,
} from "../src/server/database-admin.ts";
import { openScratch, type ScratchDatabase, sweepScratch } from "../src/server/scratch-database.ts";
import { type Server, startServer } from "../src/server/server.ts";
import { lockDatabase } from "../src/session/advisory-lock.ts";
import { urlWithDatabase } from "../src/session/connection-url.ts";
import type { CopyValue } from "../src/session/copy-text.ts";
import { connect, type Session, sharedSnapshot, snapshot } from "../src/session/session.ts";

let server: Server;
let scratch: ScratchDatabase;
let session: Session;

beforeAll(async () => {
  server = await startServer({ binaries: "auto" });
  scratch = await openScratch(server.url, "session_test");
  session = await connect(scratch.url, { applicationName: "session test" });
});
afterAll(async () => {
  await session.close();
  await scratch[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await session.query("drop table if exists t; create table t (id bigint, words text)");
});

test("a write where only reading is allowed says what to switch off", async () => {
  const url = `${scratch.url}&options=-c%20default_transaction_read_only%3Don`;
  await using reading = await connect(url, { applicationName: "session test" });
  const write = reading.query("insert into t values (1, 'a')");
  await expect(write).rejects.toMatchObject({
    exit: "config",
    message: expect.stringContaining("read-only transaction"),
    hint: expect.stringContaining("default_transaction_read_only"),
  });
});

const open = (options: { readOnly?: boolean } = {}, url = scratch.url) =>
  connect(url, { applicationName: "other", ...options });

const countOf = async () => (await session.query("select count(*)::int as n from t"))[0]?.["n"];

describe("a session", () => {
  test("sees the tables of schema public, whatever role and database have before it", async () => {
    await session.query(`
      create schema if not exists truth; create table if not exists truth.t (id bigint);
      insert into truth.t values (1); alter role current_user set search_path = truth, public`);
    await using other = await open();
    expect(await other.query("select * from t")).toEqual([]);
    await session.query("drop schema truth cascade; alter role current_user reset search_path");
  });

  test("hands out int8 and numeric as text, for a Number would lose digits", async () => {
    const sql =
      "select 18446744073709551615::numeric a, 9007199254740993::int8 b, array[1::int8] c";
    expect(await session.query(sql)).toEqual([
      { a: "18446744073709551615", b: "9007199254740993", c: ["1"] },
    ]);
  });

  test("brings back with COPY what it wrote with COPY", async () => {
    await session.query(
      `drop table if exists "odd name";
       create table "odd name" (a text, b numeric, c boolean, d bigint[], "e;" int)`,
    );
    const rows: CopyValue[][] = [
      ["tab\tnewline\nreturn\rbackslash\\ \\. \\N é", 18446744073709551615n, true, [1n, -2n], 7],
      [null, null, false, [], null],
      ["", -1n, null, null, 0],
      ["\\.", 0n, true, [2n ** 63n - 1n], -7],
    ];
    expect(await session.copyIn("odd name", ["a", "b", "c", "d", "e;"], rows)).toBe(4);
    const read = await session.query(`select a, b, c, d, "e;" from "odd name"`);
    const expected = rows.map(([a, b, c, d, e]) => ({
      a,
      b: b?.toString() ?? null,
      c,
      d: Array.isArray(d) ? d.map(String) : d,
      "e;": e,
    }));
    expect(read).toEqual(expected);
  });

  test("writes all rows of a COPY or none, and can be used after one has failed", async () => {
    const broken = async function* () {
      yield [1n, "a"] as const;
      throw new Error("source broke");
    };
    await expect(session.copyIn("t", ["id", "words"], broken())).rejects.toThrow("source broke");
    await expect(session.copyIn("t", ["id", "words"], [["no number", "a"]])).rejects.toThrow(
      /invalid input syntax for type bigint/,
    );
    await expect(session.copyIn("no_such_table", ["id"], [[1n]])).rejects.toThrow(/does not exist/);
    expect(await countOf()).toBe(0);
  });

  test("cuts COPY output into whole lines", async () => {
    const long = "x".repeat(300_000);
    await session.copyIn(
      "t",
      ["id", "words"],
      [
        [1n, "a\nb"],
        [2n, long],
        [3n, null],
      ],
    );
    const lines: string[] = [];
    for await (const line of session.copyLines("select * from t order by id")) {
      lines.push(line.toString());
    }
    expect(lines).toEqual(["1\ta\\nb", `2\t${long}`, "3\t\\N"]);
  });

  test("can be used after a stream of it was left early", async () => {
    for await (const _line of session.copyLines("select generate_series(1, 200000)")) break;
    expect(await countOf()).toBe(0);
    for await (const row of session.rows("select generate_series(1, 200000) as n")) {
      if (row["n"] === 5) break;
    }
    expect(await countOf()).toBe(0);
  });

  test("is kept alive before a network forgets that it is there", async () => {
    const setKeepAlive = vi.spyOn(Socket.prototype, "setKeepAlive");
    await using _idle = await open();
    const [isOn, firstAfterMs] = setKeepAlive.mock.lastCall ?? [];
    expect(isOn).toBe(true);
    expect(firstAfterMs).toBeGreaterThan(0);
    // Gateways forget a connection after four minutes at the least.
    expect(firstAfterMs).toBeLessThan(240_000);
    setKeepAlive.mockRestore();
  });

  test("refuses a second statement while a stream is open, which would wait for ever", async () => {
    for await (const _row of session.rows("select generate_series(1, 10)")) {
      await expect(session.query("select 1")).rejects.toThrow(/busy with a cursor/);
    }
  });

  test("reads rows through a cursor, whatever their number", async () => {
    for (const count of [0, 1, 6, 7]) {
      let seen = 0;
      const rows = session.rows("select generate_series(1, $1::int) as n", [count], 3);
      for await (const { n } of rows) expect(n).toBe(++seen);
      expect(seen).toBe(count);
    }
    await expect(session.rows("select nonsense").next()).rejects.toThrow(/nonsense/);
    expect(await countOf()).toBe(0);
  });

  test("commits what returns and rolls back what throws", async () => {
    await session.transaction(() => session.query("insert into t values (1)"));
    const failing = session.transaction(async () => {
      await session.query("insert into t values (2)");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await countOf()).toBe(1);
  });

  test("does not take a rolled back transaction for a committed one", async () => {
    const swallowing = session.transaction(async () => {
      await session.query("insert into t values (1)");
      await session.query("select nonsense").catch(() => undefined);
    });
    await expect(swallowing).rejects.toThrow(/nothing was written/);
    expect(await countOf()).toBe(0);
  });

  test("sees one picture in a snapshot, and cannot write there", async () => {
    await using other = await open();
    await snapshot(session, async () => {
      expect(await countOf()).toBe(0);
      await other.query("insert into t values (1)");
      expect(await countOf()).toBe(0);
      await expect(session.query("insert into t values (2)")).rejects.toThrow(/read-only/);
    }).catch((error: Error) => expect(error.message).toMatch(/nothing was written/));
    expect(await countOf()).toBe(1);
  });
});

describe("a read-only session", () => {
  const withOptions = () => `${scratch.url}&options=-c%20default_transaction_read_only%3Doff`;
  test.each([
    ["a URL", () => scratch.url],
    ["a URL that says otherwise", withOptions],
  ])("refuses to write with %s", async (_name, url) => {
    await using reader = await open({ readOnly: true }, url());
    for (const before of ["select 1", "reset all", "discard all"]) {
      await reader.query(before);
      await expect(reader.query("insert into t values (1)")).rejects.toThrow(/read-only/);
    }
    await reader.query("set default_transaction_read_only = off");
    const writing = reader.transaction(() => reader.query("insert into t values (1)"));
    await expect(writing).rejects.toThrow(/read-only/);
    expect(await countOf()).toBe(0);
  });
});

describe("an error of the server", () => {
  const ended = { name: "TryAgainError", exit: "tryAgain" };
  test("means: try again, when the server is away", async () => {
    await expect(open({}, "postgres://u:secret@127.0.0.1:1/db")).rejects.toMatchObject({
      ...ended,
      message: expect.stringMatching(/u:\*\*\*@127.0.0.1/),
    });
    await expect(open({}, "postgres://u@/db?host=/nonexistent")).rejects.toMatchObject(ended);
  });

  test("means: configure, when the database or the role is not there", async () => {
    const config = { name: "ConfigError", exit: "config" };
    await expect(open({}, urlWithDatabase(server.url, "nowhere"))).rejects.toMatchObject(config);
    const stranger = server.url.replace("postgres@", "stranger@");
    await expect(open({}, stranger)).rejects.toMatchObject(config);
  });

  test("means: try again, when a database lets nobody in for a moment", async () => {
    await session.query("create database closed with allow_connections false");
    await expect(open({}, urlWithDatabase(server.url, "closed"))).rejects.toMatchObject({
      ...ended,
      message: expect.stringContaining("not currently accepting connections"),
    });
    await session.query("drop database closed");
  });

  test("means: try again, when the connection is cut or a lock is not to be had", async () => {
    const victim = await open();
    const [row] = await victim.query<{ pid: number }>("select pg_backend_pid() as pid");
    await session.query("select pg_terminate_backend($1, 5000)", [row?.pid]);
    await expect(victim.query("select 1")).rejects.toMatchObject(ended);
    await expect(victim.query("select 1")).rejects.toMatchObject(ended);
    await victim.close();

    await using other = await open();
    await other.query("set lock_timeout = '10ms'");
    await session.transaction(async () => {
      await session.query("lock table t");
      await expect(other.query("select * from t")).rejects.toMatchObject(ended);
    });
  });

  test("stays what it is when the statement is wrong", async () => {
    await expect(session.query("select nonsense")).rejects.toMatchObject({ code: "42703" });
  });
});

describe("a picture of the database", () => {
  test("is the same for two sessions, also within themselves, whatever is written meanwhile", async () => {
    const options = { applicationName: "session test", readOnly: true };
    await using first = await connect(scratch.url, options);
    await using second = await connect(scratch.url, options);
    const countIn = async (reader: Session) => {
      const [row] = await snapshot(reader, () =>
        reader.query<{ count: number }>("select count(*)::int as count from t"),
      );
      return row!.count;
    };
    await session.query("insert into t values (1, 'before')");
    await sharedSnapshot([first, second], async () => {
      await session.query("insert into t values (2, 'meanwhile')");
      expect([await countIn(first), await countIn(second)]).toEqual([1, 1]);
      expect([first.isInSnapshot, second.isInSnapshot]).toEqual([true, true]);
    });
    expect([await countIn(first), await countIn(second)]).toEqual([2, 2]);
    expect(first.isInSnapshot).toBe(false);
  });
});

test("a session counts its statements and the rows that the server sends, however they are read", async () => {
  await using reader = await connect(scratch.url, { applicationName: "session test" });
  const before = reader.traffic;
  const three = "select generate_series(1, 3) as number";
  await reader.query(three);
  for await (const _row of reader.rows(three));
  for await (const _line of reader.copyLines(three));
  const { statements, rows } = reader.traffic;
  expect(statements - before.statements).toBe(3);
  expect(rows - before.rows).toBe(9);
});

const LIMITED = {
  applicationName: "session test",
  statementTimeout: { ms: 20, raisedBy: "a key of the test" },
};

test.each([
  ["read at once", (reader: Session) => reader.query("select pg_sleep(60)")],
  [
    "read by a cursor",
    async (reader: Session) => {
      for await (const _row of reader.rows("select pg_sleep(60)"));
    },
  ],
  [
    "copied",
    async (reader: Session) => {
      for await (const _line of reader.copyLines("select pg_sleep(60)"));
    },
  ],
])(
  "a statement that takes longer than a session allows names what raises the limit: %s",
  async (_how, read) => {
    await using reader = await connect(scratch.url, LIMITED);
    await reader.resetSettings();
    await expect(read(reader)).rejects.toMatchObject({
      exit: "tryAgain",
      message: expect.stringContaining("took longer than 0.02 s"),
      hint: expect.stringContaining("raise a key of the test"),
    });
    expect(await reader.query("select 1 as one")).toEqual([{ one: 1 }]);
  },
);

test("a statement that somebody else has ended in time is no matter of the limit", async () => {
  const limit = { ...LIMITED.statementTimeout, ms: 60_000 };
  await using reader = await connect(scratch.url, { ...LIMITED, statementTimeout: limit });
  const [row] = await reader.query<{ pid: number }>("select pg_backend_pid() as pid");
  const sleeping = reader.query("select pg_sleep(60)");
  sleeping.catch(() => undefined);
  await expect
    .poll(async () => {
      const sql = "select state from pg_stat_activity where pid = $1 and query like '%pg_sleep%'";
      return (await session.query<{ state: string }>(sql, [row!.pid]))[0]?.state;
    })
    .toBe("active");
  await session.query("select pg_cancel_backend($1)", [row!.pid]);
  await expect(sleeping).rejects.toMatchObject({
    exit: "tryAgain",
    hint: expect.not.stringContaining("raise"),
  });
});

describe("the lock of a run", () => {
  test("is refused to a second session, by name of the first, until the first ends", async () => {
    const first = await connect(scratch.url, { applicationName: "first run" });
    await lockDatabase(first);
    await expect(lockDatabase(session)).rejects.toMatchObject({
      name: "TryAgainError",
      message: expect.stringMatching(
        /locked by "first run" \(server process \d+, connected since 2/,
      ),
    });
    await first.close();
    // The server needs a moment to see the end; asking again is what an operator would do.
    await expect
      .poll(() =>
        lockDatabase(session).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });
});

describe("databases", () => {
  test("are made when missing, found, and dropped", async () => {
    const url = urlWithDatabase(server.url, "odd;name");
    expect(await createDatabaseIfMissing(url)).toBe(true);
    expect(await createDatabaseIfMissing(url)).toBe(false);
    expect(await databaseExists(url)).toBe(true);
    await dropDatabase(server.url, "odd;name");
    expect(await databaseExists(url)).toBe(false);
  });

  test("of a scratch kind are swept when their run is dead, not while it lives", async () => {
    await using living = await openScratch(server.url, "living");
    const dead = await openScratch(server.url, "dead");
    await session.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where application_name like 'forklift keeper of forklift_scratch_dead%'`,
    );
    expect(await sweepScratch(server.url)).toEqual([dead.name]);
    expect(await databaseExists(living.url)).toBe(true);
    expect(await databaseExists(dead.url)).toBe(false);
    await dead[Symbol.asyncDispose]();
  });

  test("of a scratch kind are left to those who may drop them", async () => {
    await session.query("create role neighbour login createdb");
    const theirs = server.url.replace("postgres@", "neighbour@");
    await using foreign = await openScratch(server.url, "foreign");
    await using own = await openScratch(theirs, "foreign_too");
    await session.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
       where application_name like 'forklift keeper of forklift_scratch_foreign%'`,
    );
    expect(await sweepScratch(theirs)).toEqual([own.name]);
    expect(await sweepScratch(server.url)).toEqual([foreign.name]);
  });
});
