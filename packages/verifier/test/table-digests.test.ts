// The digests of a real target: the same whatever the ids and the order of the rows, another one
// for every single value that is altered.

import {
  type CatalogColumn,
  type CatalogTable,
  quoteIdentifier,
  readCatalog,
  type Session,
} from "@forklift/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestTable, digestTables } from "../src/table-digests.ts";
import { FILLED_TABLES, type FilledTable } from "../src/tables.ts";
import { isMissing, type Mainnet, openMainnet } from "./mainnet.ts";

const NOTHING = "0".repeat(64);

type Tables = Readonly<Record<string, CatalogTable>>;

/** A copy of the target, free to be changed in ways that its constraints forbid. */
async function openFree(mainnet: Mainnet): Promise<{ target: Session; tables: Tables }> {
  const { target } = await mainnet.world("");
  const { tables } = await readCatalog(target);
  for (const [table, { foreignKeys, unique, primaryKey }] of Object.entries(tables)) {
    for (const { name } of [...foreignKeys, ...unique, ...(primaryKey ? [primaryKey] : [])]) {
      const constraint = quoteIdentifier(name);
      await target.query(`alter table ${table} drop constraint if exists ${constraint} cascade`);
    }
  }
  // Without indexes the planner needs to know at least how small the tables are.
  await target.query("analyze");
  return { target, tables };
}

/** Gives every row another id, and every reference to it the same. */
async function renumber(target: Session, tables: Tables, table: FilledTable, by: number) {
  if (!tables[table]!.columns.some(({ name }) => name === "id")) return;
  await target.query(`update ${table} set id = id + ${by}`);
  for (const [name, { foreignKeys }] of Object.entries(tables)) {
    for (const { refTable, columns } of foreignKeys) {
      if (refTable !== table) continue;
      await target.query(`update ${name} set ${columns[0]} = ${columns[0]} + ${by}`);
    }
  }
}

/** An expression for a value that the column does not have in that row. */
function otherValue({ foreignKeys }: CatalogTable, { name, type }: CatalogColumn): string {
  const column = quoteIdentifier(name);
  const reference = foreignKeys.find(({ columns }) => columns[0] === name);
  if (reference !== undefined) {
    const other = `select min(id) from ${reference.refTable} r where r.id is distinct from`;
    return `coalesce((${other} t.${column}), -1)`;
  }
  if (type === "text") return `coalesce(${column}, '') || 'x'`;
  if (type === "bigint[]") return `${column} || 1::bigint`;
  if (type === "integer" || type === "bigint") return `coalesce(${column}, 0) + 1`;
  return `(select min(v) from unnest(enum_range(null::${type})) v where v <> ${column})`;
}

describe.skipIf(isMissing)("digestTables", () => {
  let mainnet: Mainnet;
  let target: Session;
  let tables: Tables;
  let digests: Readonly<Record<string, string>>;
  beforeAll(async () => {
    mainnet = await openMainnet();
    ({ target, tables } = await openFree(mainnet));
    digests = await digestTables(target);
  });
  afterAll(async () => {
    await mainnet[Symbol.asyncDispose]();
  });

  it("gives 64 hex digits for every filled table, no two alike", () => {
    expect(Object.keys(digests)).toEqual([...FILLED_TABLES]);
    for (const digest of Object.values(digests)) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(digests)).size).toBe(FILLED_TABLES.length);
  });

  it("is zero for an empty table", async () => {
    const empty = await mainnet.world("truncate accounts_created");
    expect((await digestTables(empty.target))["accounts_created"]).toBe(NOTHING);
  });

  it("notices a row that is there twice", async () => {
    const sql = "insert into voting_for select * from voting_for limit 1";
    expect(await digestAfter(sql, "voting_for")).not.toBe(digests["voting_for"]);
  });

  it("does not depend on serial ids nor on the order of rows", async () => {
    const { target: other } = await openFree(mainnet);
    for (const [index, table] of FILLED_TABLES.entries()) {
      await renumber(other, tables, table, (index + 1) * 1_000_000);
      await other.query(
        `create temp table reversed as select * from ${table} order by ctid desc;
         truncate ${table};
         insert into ${table} select * from reversed;
         drop table reversed`,
      );
    }
    const [first] = await other.query<{ id: number; height: string }>(
      "select id, height from blocks limit 1",
    );
    expect(first?.id).toBeGreaterThan(1_000_000);
    expect(first?.height).not.toBe("1");
    expect(await digestTables(other)).toEqual(digests);
  });

  it.each(FILLED_TABLES)("changes with every column of %s", async (table) => {
    const unnoticed: string[] = [];
    for (const column of tables[table]!.columns) {
      if (column.name === "id") continue;
      const digest = await digestAfter(
        `update ${table} t set ${quoteIdentifier(column.name)} =
           ${otherValue(tables[table]!, column)}
         where ctid = (select ctid from ${table} order by ctid desc limit 1)`,
        table,
      );
      if (digest === digests[table]) unnoticed.push(column.name);
    }
    expect(unnoticed).toEqual([]);
  });

  /** What the digest would be; the change is undone. */
  async function digestAfter(sql: string, table: FilledTable): Promise<string> {
    await target.query("begin");
    try {
      await target.query(sql);
      return await digestTable(target, table);
    } finally {
      await target.query("rollback");
    }
  }
});
