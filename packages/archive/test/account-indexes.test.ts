// The accounts' tables without indexes and foreign keys: a target of ours when it lacks all of them, and
// nothing that may happen to it in between.

import { ConfigError } from "@forklift/pipeline";
import { readCatalog, type Session } from "@forklift/postgres";
import {
  openPlainRole,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { expect, test } from "vitest";
import { requireOwnSchema } from "../src/preflight/own-schema.ts";
import {
  buildAccountIndexes,
  dropAccountIndexes,
  lacksAccountIndexes,
  requireMayBuildAccountIndexes,
} from "../src/target/account-indexes.ts";
import { createTarget } from "../src/target/create-target.ts";
import { buildIndexes, missingIndexes } from "../src/target/target-indexes.ts";

interface Target extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly session: Session;
}

async function openTarget(): Promise<Target> {
  const database = await openTestDatabase();
  const session = await openTestSession(database);
  await createTarget(session);
  return {
    database,
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

test("they go and come back as they were, and what lacks them all is a target of ours", async () => {
  await using target = await openTarget();
  const { session } = target;
  // In a first bulk load all of them are missing, which is another matter.
  expect(await lacksAccountIndexes(session)).toBe(false);
  expect(await dropAccountIndexes(session)).toBe(false);
  await buildIndexes(session);
  const whole = await readCatalog(session);

  expect(await dropAccountIndexes(session)).toBe(true);
  expect(await lacksAccountIndexes(session)).toBe(true);
  for (const name of ["accounts_accessed", "accounts_created"]) {
    const { primaryKey } = whole.tables[name]!;
    const without = { indexes: [], foreignKeys: [], primaryKey };
    expect((await readCatalog(session)).tables[name]).toMatchObject(without);
  }
  await requireOwnSchema(session);
  expect(await missingIndexes(session)).toEqual([]);

  await session.query("begin; drop index idx_blocks_height");
  expect(await lacksAccountIndexes(session)).toBe(false);
  await expect(requireOwnSchema(session)).rejects.toThrow(ConfigError);
  await session.query("rollback");
  await session.query(
    "begin; create index idx_accounts_created_block_id on accounts_created (block_id)",
  );
  expect(await lacksAccountIndexes(session)).toBe(false);
  expect(await missingIndexes(session)).toHaveLength(13);
  await expect(requireOwnSchema(session)).rejects.toThrow("and 8 more");
  await session.query("rollback");

  await session.transaction(() => buildAccountIndexes(session));
  expect(await readCatalog(session)).toEqual(whole);
  await session.query("drop index idx_accounts_accessed_block_id");
  expect(await lacksAccountIndexes(session)).toBe(false);
  await expect(requireOwnSchema(session)).rejects.toThrow("idx_accounts_accessed_block_id");
});

test("a target whose tables others use or own keeps them", { tags: ["only-in-all"] }, async () => {
  await using target = await openTarget();
  await buildIndexes(target.session);
  const before = await readCatalog(target.session);
  await using other = await openTestSession(target.database);
  await other.query("begin; select from accounts_created");
  expect(await dropAccountIndexes(target.session)).toBe(false);
  expect(await readCatalog(target.session)).toEqual(before);
  await other.query("rollback");
  await using role = await openPlainRole(target.database, [
    "grant all on all tables in schema public to ROLE",
  ]);
  await using plain = await openTestSession(role);
  expect(await dropAccountIndexes(plain)).toBe(false);
  expect(await readCatalog(target.session)).toEqual(before);
  expect(await dropAccountIndexes(target.session)).toBe(true);
});

const OWNED = [
  "alter table accounts_accessed owner to ROLE",
  "alter table accounts_created owner to ROLE",
];

test.each([
  [
    "does not own the tables",
    [],
    /it does not own accounts_accessed, it does not own accounts_created/,
  ],
  [
    "may not create what it drops",
    [...OWNED, "grant all on all tables in schema public to ROLE"],
    /it may not create in schema public$/,
  ],
  [
    "may not refer to a table",
    [
      ...OWNED,
      "grant all on all tables in schema public to ROLE",
      "grant create on schema public to ROLE",
      "revoke references on blocks from ROLE",
    ],
    /plain_\w+: it may not refer to blocks$/,
  ],
] as const)(
  "a role that %s drops nothing, and is refused where they are to be built",
  {
    tags: ["only-in-all"],
  },
  async (_what, grants, says) => {
    await using target = await openTarget();
    await buildIndexes(target.session);
    const before = await readCatalog(target.session);
    await using role = await openPlainRole(target.database, grants);
    await using plain = await openTestSession(role);
    expect(await dropAccountIndexes(plain)).toBe(false);
    expect(await readCatalog(target.session)).toEqual(before);
    const refused = await requireMayBuildAccountIndexes(plain).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as Error).message).toMatch(says);
    await requireMayBuildAccountIndexes(target.session);
  },
);
