// SQL stands in its rooms alone, and is found wherever somebody plants it.

import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { MAY_IMPORT } from "./architecture.js";
import { linesOfSql, problemsOfSql, SQL_ROOMS } from "./structure/sql-rooms.js";

const ROOT = path.dirname(import.meta.dirname);

function sourcesOf(home: string): string[] {
  return readdirSync(path.join(ROOT, home, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

test("no package but those of SQL holds any", () => {
  expect(problemsOfSql(ROOT, Object.keys(MAY_IMPORT).flatMap(sourcesOf))).toEqual([]);
});

test.each(Object.keys(SQL_ROOMS))(
  "%s, which may hold SQL, does, so that the rule sees it",
  (home) => {
    const problems = problemsOfSql(path.join(ROOT, home), filesIn(home));
    expect(problems.length).toBeGreaterThan(0);
  },
);

function filesIn(home: string): string[] {
  return sourcesOf(home).map((file) => path.relative(home, file));
}

test.each([
  ["a question in a string", 'await session.query("select 1");'],
  ["a question whose text is not at hand", "await session.query<Row>(sql, [height]);"],
  ["a question on a member", "await this.#context.target.query(SQL);"],
  ["a question on a session that may be missing", "await target?.query(`analyze`);"],
  ["rows read with a cursor", "session.rows(`with walk as (select 1) select * from walk`);"],
  ["a script that is executed", 'await session.execute("drop schema forklift cascade");'],
  ["rows that are copied", 'await session.copyIn("blocks", COLUMNS, rows);'],
  [
    "a template with a value in it",
    "const sql = `select \u0024{columns} from blocks where height = $1`;",
  ],
  ["a select over lines", "const sql = `\n  select height,\n    state_hash\n  from blocks`;"],
  ["a recursive walk", "const SQL = 'with recursive walk as (select 1)';"],
  ["an insert in capitals", 'const SQL = "INSERT INTO blocks VALUES (1)";'],
  ["an update", 'const SQL = "update blocks set height = 1";'],
  ["a deletion", 'const SQL = "delete from blocks";'],
  ["a table made", 'const SQL = "create temporary table t (a int)";'],
  ["a lock", 'const SQL = "lock table blocks in share mode";'],
  ["statistics", 'const SQL = "analyze";'],
  ["a function that is called", 'const SQL = "select pg_advisory_lock(1)";'],
])("%s is found", (_what, text) => {
  expect(linesOfSql(`const before = 1;\n${text}`)).toEqual([2]);
});

test.each([
  ["a hint for people", 'const hint = "create the database, or give a role that has CREATEDB";'],
  ["another hint", 'const hint = "update the network preset, then set the stop point";'],
  ["a grant that an operator is told of", "const hint = `grant select on blocks to forklift`;"],
  ["prose with the verb within", 'const text = "rows that we select from blocks";'],
  ["a comment", "// select height from blocks"],
  ["a property", "const { query } = exchange; use(exchange.query);"],
  ["rows of a table of text", 'board.rows("having a total");'],
])("%s is not SQL", (_what, text) => {
  expect(linesOfSql(text)).toEqual([]);
});
