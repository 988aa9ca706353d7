// Every setting that a role or a database may have: a session answers as if there were none.
// @module-tag only-in-all

import { setTimeout as delay } from "node:timers/promises";
import {
  alterStatements,
  OTHER_TIMEOUT_MS,
  type OtherSetting,
  otherSettings,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCatalog } from "../src/schema/catalog.ts";
import { openScratch, type ScratchDatabase } from "../src/server/scratch-database.ts";
import { type Server, startServer } from "../src/server/server.ts";
import { connect, type Session } from "../src/session/session.ts";

let server: Server;
let scratch: ScratchDatabase;
let owner: Session;
let expected: unknown;
let settings: readonly OtherSetting[];

/** What a command does with a database, in small: catalog, literals, values in and out. */
async function answers(restMs = 0): Promise<unknown> {
  await using session = await connect(asRole(), { applicationName: "settings test" });
  await session.query("create temp table made (a int)");
  return {
    catalog: await readCatalog(session),
    literals: await session.query(
      `select '1\\n' as backslash, null = null as "null", '{null}'::text[] as nulls,
              '02/03/2021'::date::text as date, '1.5'::float8 / 3 as float, 'ü' as letter,
              1::oid::regclass::text as "unknown", 'values'::regclass::text as name,
              (select amname from pg_am where oid = relam) as method, xml '<a/>' is document as xml
       from pg_class where relname = 'made'`,
    ),
    rows: await session.query(`select * from "values" order by id`),
    read: await textOf(session),
    written: await written(session),
    mode: await session.query(
      "select current_setting('transaction_isolation') as a, current_setting('transaction_read_only') as b",
    ),
    waits: await session.query("select pg_sleep($1)", [restMs / 1000]),
    rests: await delay(restMs),
    catches: await session.query("select nonsense").catch(({ code }: { code: string }) => code),
    goesOn: await session.query("select 1 as one"),
  };
}

async function textOf(session: Session): Promise<string> {
  let text = "";
  for await (const chunk of session.copyBytesOut(`select * from "values" order by id`)) {
    text += chunk.toString();
  }
  return text;
}

async function written(session: Session): Promise<unknown> {
  return await session.transaction(async () => {
    await session.copyIn("values", ["id", "words", "days"], [[9n, "tab\t\\ü", "03/02/2021"]]);
    await session.query(`insert into "values" (id, words) values (10, 'a\\b')`);
    const rows = await session.query(`select words, days::text from "values" where id > 8`);
    await session.query(`delete from "values" where id > 8`);
    return rows;
  });
}

const asRole = () => scratch.url.replace("postgres@", "settled@");

beforeAll(async () => {
  server = await startServer({ binaries: "auto" });
  scratch = await openScratch(server.url, "settings_test");
  owner = await connect(scratch.url, { applicationName: "settings test" });
  await owner.query(`
    create role settled login; grant all on schema public to settled;
    create schema astray; grant usage on schema astray to settled; set role settled;
    create type mood as enum ('good', 'bad');
    create table "values" (id int primary key, words text default E'it''s\\n', bytes bytea, days date,
      moment timestamptz, span interval, number float8, mood mood default 'bad', list bigint[],
      check (words <> '' and id > 0));
    create table child (id int references "values" on delete cascade, "User" text);
    create index by_words on child ("User", lower("User")) where "User" is not null;
    insert into "values" values (1, 'a\\b', '\\x00ff', '2021-02-03', '2021-02-03 04:05:06+00',
      '1 day 2 hours -3 minutes', 1.0::float8 / 3, 'good', '{1,null}');
    insert into "values" (id, words) values (2, 'ü');
    reset role; set search_path = astray; create table "values" (id int); reset search_path`);
  expected = await answers();
  settings = await otherSettings(owner);
});
afterAll(async () => {
  await owner.close();
  await scratch[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Small enough that a failure names its cause, and few enough for a test. */
const GROUP = 10;

describe("a session answers as by default", () => {
  async function expectSame(what: string, group: readonly OtherSetting[]): Promise<void> {
    const set = alterStatements(what, group);
    await owner.query(set);
    const hasTimeout = group.some(({ name }) => name.endsWith("_timeout"));
    expect(await answers(hasTimeout ? 1.2 * OTHER_TIMEOUT_MS : 0), set).toEqual(expected);
    await owner.query(`alter ${what} reset all`);
  }

  test("with each setting that a session may change at another value", async () => {
    expect(settings.length).toBeGreaterThan(100);
    for (let at = 0; at < settings.length; at += GROUP) {
      await expectSame("role settled", settings.slice(at, at + GROUP));
    }
  });

  test("with all of them at once, of the role or of the database", async () => {
    await expectSame("role settled", settings);
    await expectSame(`database ${scratch.name}`, settings);
  });

  test("with a role that stands for another", async () => {
    await owner.query(`
      create role login_only login; grant settled to login_only;
      alter role login_only set role = 'settled'`);
    const url = scratch.url.replace("postgres@", "login_only@");
    await using session = await connect(url, { applicationName: "settings test" });
    expect(await session.query("select current_user as name")).toEqual([{ name: "settled" }]);
  });
});

describe("a setting that only a superuser may change", () => {
  test.each([
    ["session_replication_role", "replica"],
    ["zero_damaged_pages", "on"],
    ["ignore_checksum_failure", "on"],
  ])("and loses rows or keys, %s, is reset or refused", async (name, value) => {
    await owner.query(`alter database ${scratch.name} set ${name} = ${value}`);
    const connecting = connect(asRole(), { applicationName: "settings test" });
    await expect(connecting).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining(name),
      hint: expect.stringContaining(`superuser reset ${name}`),
    });
    await using session = await connect(scratch.url, { applicationName: "settings test" });
    const [row] = await session.query("select current_setting($1) as value", [name]);
    expect(row).not.toEqual({ value });
    await owner.query(`alter database ${scratch.name} reset ${name}`);
  });
});
