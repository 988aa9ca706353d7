import { ConfigError } from "@forklift/pipeline";
import { connect, type Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import {
  openPlainRole,
  openTestDatabase,
  openTestSession,
  type PlainRole,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import {
  requireDatabaseCreatable,
  requireReadable,
  requireWritable,
} from "../src/preflight/database-privileges.ts";
import { requireSchema } from "../src/preflight/schema-kind.ts";
import { countNotMigrated } from "../src/source/not-migrated.ts";
import { hashOf } from "./old-archive.ts";

async function archiveOf(era: "mainnet" | "berkeley"): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await using owner = await openTestSession(database);
  const { tables } = await readSchema(era);
  await owner.query(tables);
  return database;
}

const sessionOf = async ({ url }: PlainRole) => await connect(url, { applicationName: "test" });

const SELECT_ALL = "grant select on all tables in schema public to ROLE";

test("SELECT alone lets a source be read, balances and timing left out", async () => {
  await using source = await archiveOf("mainnet");
  await using role = await openPlainRole(source, [
    SELECT_ALL,
    "revoke select on balances, timing_info from ROLE",
  ]);
  await using session = await sessionOf(role);
  await expect(requireReadable(session)).resolves.toBeUndefined();
  const chain = { tip: { height: 1n, stateHash: hashOf("g") }, canonicalHeight: 1n, tail: [] };
  const nothing = { orphanedBlocks: 0, pendingBlocks: 0, canonicalBlocksAbove: 0 };
  expect(await countNotMigrated(session, chain)).toEqual(nothing);
  await using owner = await openTestSession(source);
  expect(await countNotMigrated(owner, chain)).toEqual({ ...nothing, balances: 0 });
});

test("every table that the role may not read is named with the grant that is missing", async () => {
  await using source = await archiveOf("mainnet");
  await using role = await openPlainRole(source, [
    SELECT_ALL,
    "revoke select on user_commands, epoch_data from ROLE",
  ]);
  await using session = await sessionOf(role);
  await expect(requireReadable(session)).rejects.toMatchObject({
    message: expect.stringContaining(`role ${role.name} may not read epoch_data, user_commands`),
    hint: expect.stringContaining(`grant select on epoch_data, user_commands to ${role.name}`),
  });
});

test.each([
  ["nothing", [], "has no schema forklift"],
  [
    "create on the database, not in public",
    [
      "do $$ begin execute format('grant create on database %I to ROLE', current_database()); end $$",
    ],
    "may not create tables in its schema public",
  ],
])("an empty target is refused to a role that may %s", async (_what, grants, says) => {
  await using target = await openTestDatabase();
  await using role = await openPlainRole(target, [
    // Before PostgreSQL 15 everybody could.
    "revoke create on schema public from public",
    ...grants,
  ]);
  await using session = await sessionOf(role);
  const requiring = requireWritable(session, { isEmpty: true });
  await expect(requiring).rejects.toThrow(says);
  await expect(requiring).rejects.toThrow(ConfigError);
});

test("an archive is refused as a target to a role that may only read it", async () => {
  await using target = await archiveOf("berkeley");
  await using role = await openPlainRole(target, [SELECT_ALL, "create schema forklift"]);
  await using session = await sessionOf(role);
  const requiring = requireWritable(session, { isEmpty: false });
  await expect(requiring).rejects.toThrow(
    `does not let role ${role.name} write account_identifiers, `,
  );
  await using owner = await openTestSession(target);
  await expect(requireWritable(owner, { isEmpty: false })).resolves.toBeUndefined();
});

test("an archive is refused to a role that may not write all of it, down to a sequence", {
  tags: ["only-in-all"],
}, async () => {
  await using target = await archiveOf("berkeley");
  await using role = await openPlainRole(target, [
    "create schema forklift; create table forklift.m (id int)",
    "grant select, insert on all tables in schema public, forklift to ROLE",
    "grant usage, update on all sequences in schema public to ROLE",
    "revoke insert on tokens from ROLE; revoke update on sequence blocks_id_seq from ROLE",
  ]);
  await using session = await sessionOf(role);
  const requiring = requireWritable(session, { isEmpty: false });
  await expect(requiring).rejects.toThrow(
    new RegExp(`does not let role ${role.name} write blocks_id_seq, m, tokens$`),
  );
  await expect(requiring).rejects.toThrow(ConfigError);
});

test("a target that is not there is refused to a role that may not create databases", async () => {
  await using database = await openTestDatabase();
  await using role = await openPlainRole(database, []);
  await using session = await sessionOf(role);
  const requiring = requireDatabaseCreatable(session, "postgres://host/target");
  await expect(requiring).rejects.toThrow(
    `the target postgres://host/target does not exist, and role ${role.name} may not create it`,
  );
  await using owner = await openTestSession(database);
  await expect(requireDatabaseCreatable(owner, "")).resolves.toBeUndefined();
});

describe("a table with row level security", { tags: ["only-in-all"] }, () => {
  const POLICY =
    "alter table blocks enable row level security; create policy none on blocks using (height < 5)";
  const requiring = (session: Session) =>
    requireSchema(session, { role: "source", era: "mainnet" });
  const hidden = {
    name: "ConfigError",
    message: expect.stringMatching(/row level security of the source .* hides rows of blocks from/),
    hint: expect.stringContaining("BYPASSRLS"),
  };

  test("is refused to a role that it holds for, at once and in every query", async () => {
    await using source = await archiveOf("mainnet");
    await using role = await openPlainRole(source, [SELECT_ALL, POLICY]);
    await using session = await sessionOf(role);
    await expect(requiring(session)).rejects.toMatchObject(hidden);
    for (const sql of ["select count(*) from blocks", "update blocks set height = 1"]) {
      await expect(session.query(sql)).rejects.toMatchObject({
        name: "ConfigError",
        hint: hidden.hint,
      });
    }
    await expect(session.query("select count(*) from user_commands")).resolves.toHaveLength(1);
  });

  test("is refused to its owner, too, where it is forced upon him", async () => {
    await using source = await archiveOf("mainnet");
    await using role = await openPlainRole(source, [POLICY, "alter table blocks owner to ROLE"]);
    await using session = await sessionOf(role);
    await expect(requiring(session)).resolves.toBeUndefined();
    await session.query("alter table blocks force row level security");
    await expect(requiring(session)).rejects.toMatchObject(hidden);
  });

  test("is no matter to a role that it does not hold for", async () => {
    await using source = await archiveOf("mainnet");
    await using role = await openPlainRole(source, [
      SELECT_ALL,
      POLICY,
      "alter role ROLE bypassrls",
    ]);
    await using session = await sessionOf(role);
    await expect(requiring(session)).resolves.toBeUndefined();
    await using superuser = await openTestSession(source);
    await expect(requiring(superuser)).resolves.toBeUndefined();
  });
});

test("SELECT on some columns is no SELECT on the table", { tags: ["only-in-all"] }, async () => {
  await using source = await archiveOf("mainnet");
  await using role = await openPlainRole(source, [
    SELECT_ALL,
    "revoke select on blocks from ROLE; grant select (id, height) on blocks to ROLE",
  ]);
  await using session = await sessionOf(role);
  await expect(requireReadable(session)).rejects.toMatchObject({
    message: expect.stringContaining(`role ${role.name} may not read blocks of the source`),
  });
});
