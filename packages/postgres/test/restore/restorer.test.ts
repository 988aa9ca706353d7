// With which rights a dump is restored.

import { openPlainRole, openTestDatabase } from "@forklift/testkit";
import { expect, test } from "vitest";
import { restoreDump } from "../../src/restore/restore-dump.ts";
import { connectRestorer } from "../../src/restore/restorer.ts";
import { connect, type Session } from "../../src/session/session.ts";

async function* dump() {
  yield Buffer.from(
    "CREATE TABLE public.t (a integer);\nINSERT INTO public.t VALUES (1);\n" +
      "-- PostgreSQL database dump complete\n",
  );
}

const digest = () => ({ sha256: "0".repeat(64), bytes: 100n });

async function roleOf(session: Session) {
  const [role] = await session.query(
    `select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
            datdba = r.oid as "ownsDatabase",
            pg_has_role('pg_execute_server_program', 'member') as "runsPrograms",
            (select count(*)::int from pg_database where datdba = r.oid) as databases
     from pg_roles r, pg_database where rolname = current_user and datname = current_database()`,
  );
  return role;
}

test("on a server of ours it is a role that owns the database and has no other right", async () => {
  await using database = await openTestDatabase();
  // Once more on the same database, as after a restore that was killed.
  for (const _attempt of [1, 2]) {
    await using session = await connectRestorer(database.url);
    expect(await roleOf(session)).toEqual({
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      rolbypassrls: false,
      ownsDatabase: true,
      runsPrograms: false,
      databases: 1,
    });
  }
  await using session = await connectRestorer(database.url);
  await restoreDump(session, dump(), { digest });
  await expect(session.query("copy t to program 'id'")).rejects.toThrow();
  await expect(session.query("create database another")).rejects.toThrow();
  // What comes after it on the same server works as the superuser still.
  await using superuser = await connect(database.url, { applicationName: "forklift test" });
  expect(await superuser.query("select a from t")).toEqual([{ a: 1 }]);
});

test("elsewhere it is the role of the URL, which needs to own the database and nothing else", async () => {
  await using database = await openTestDatabase();
  await using role = await openPlainRole(database, [
    `alter database "${database.name}" owner to ROLE`,
  ]);
  await using session = await connectRestorer(role.url);
  const { tables } = await restoreDump(session, dump(), { digest });
  expect(tables).toEqual([{ name: "t", rows: 1 }]);
});

test("a role that may not fill the database is told what it lacks before anything is read", async () => {
  await using database = await openTestDatabase();
  await using role = await openPlainRole(database, []);
  await using session = await connectRestorer(role.url);
  await expect(restoreDump(session, dump(), { digest })).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(`role ${role.name} may not create tables and schemas in`),
    hint: `let it own the database: alter database "${database.name}" owner to "${role.name}"`,
  });
});
