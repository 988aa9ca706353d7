// The target of a migration of real mainnet data, table by table and row by row, against what the
// rules give: `golden/digests.json`, made by the slow path in `golden/expected-tables.ts`. After a
// rule was changed on purpose: `npx vitest run apps/migrator/test/golden-digests.test.ts -u`.
// @module-tag only-in-all

import {
  type CatalogColumn,
  type CatalogTable,
  quoteIdentifier,
  readCatalog,
  type Session,
} from "@forklift/postgres";
import {
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../src/commands/index.ts";
import { differencesFromGolden, GOLDEN_FILE } from "./golden/compare-tables.ts";
import { expectedTables } from "./golden/expected-tables.ts";
import { fromBlocksArguments, migrateArguments, restoreSource } from "./golden/migrate-mainnet.ts";
import { digestsOf } from "./golden/natural-rows.ts";
import { storedRows } from "./golden/stored-tables.ts";

const { runJson } = inProcess(migrator);

describe.skipIf(isMainnetDataMissing())("the golden digests", () => {
  test("are those of the rows that the slow path computes", async () => {
    const digests = `${JSON.stringify(digestsOf(expectedTables()), null, 2)}\n`;
    await expect(digests).toMatchFileSnapshot(GOLDEN_FILE);
  });
});

describe.skipIf(isMainnetDataMissing())("the digests of a migrated target", () => {
  let target: TestDatabase;

  beforeAll(async () => {
    await using source = await restoreSource();
    target = await openTestDatabase();
    await runJson(migrateArguments({ source, target }));
  });

  afterAll(async () => {
    await target?.[Symbol.asyncDispose]();
  });

  test("are the golden ones, in every table of schema public", async () => {
    await using session = await openTestSession(target);
    expect(await differencesFromGolden(session)).toEqual([]);
  });

  test("are the golden ones without an archive, too", async () => {
    await using fromBlocks = await openTestDatabase();
    await runJson(fromBlocksArguments({ target: fromBlocks }));
    await using session = await openTestSession(fromBlocks);
    expect(await differencesFromGolden(session)).toEqual([]);
  });

  test("are others as soon as one value in any column is another", async () => {
    await using session = await openTestSession(target);
    const { tables } = await readCatalog(session);
    const unnoticed: string[] = [];
    for (const [name, table] of Object.entries(tables)) {
      const before = digestsOf({ [name]: await storedRows(session, name) });
      if (before[name]!.rows === 0) continue;
      for (const column of table.columns) {
        if (column.name === "id") continue;
        const after = digestsOf({ [name]: await rowsAfterChange(session, name, table, column) });
        if (after[name]!.sha256 === before[name]!.sha256) unnoticed.push(`${name}.${column.name}`);
      }
    }
    expect(unnoticed).toEqual([]);
  });
});

/** The rows as they would be with another value in one row; the change is undone. */
async function rowsAfterChange(
  session: Session,
  name: string,
  table: CatalogTable,
  column: CatalogColumn,
) {
  await session.query("begin");
  try {
    // A reference to nothing is a change, too: foreign keys do not count here.
    await session.query("set local session_replication_role = replica");
    await session.query(
      `update ${quoteIdentifier(name)} set ${quoteIdentifier(column.name)} =
         ${otherValue(table, column)}
       where ctid = (select max(ctid) from ${quoteIdentifier(name)})`,
    );
    return await storedRows(session, name);
  } finally {
    await session.query("rollback");
  }
}

/** An expression for a value that the column has in no row. */
function otherValue({ foreignKeys }: CatalogTable, { name, type }: CatalogColumn): string {
  const column = quoteIdentifier(name);
  if (foreignKeys.some(({ columns }) => columns[0] === name)) return `coalesce(-${column}, 1)`;
  if (type === "text") return `coalesce(${column}, '') || 'x'`;
  if (type === "bigint[]") return `${column} || 1::bigint`;
  if (type === "integer" || type === "bigint") return `coalesce(${column}, 0) + 1000000`;
  return `(select min(v) from unnest(enum_range(null::${type})) v where v <> ${column})`;
}
