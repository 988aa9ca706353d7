import { execFileSync } from "node:child_process";
import { STATEMENT_KINDS, type StatementClass, serverUrl } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { StatementJudge } from "../../src/restore/judge-statement.ts";
import { HAS_PSQL } from "../shared-data.ts";

/** A dump that has made a table, a sequence and an enum. */
function judgeInTheMiddle(): StatementJudge {
  const judge = new StatementJudge();
  for (const sql of [
    "CREATE TABLE public.t (a integer, b text);",
    "CREATE SEQUENCE public.s;",
    "CREATE TYPE public.e AS ENUM ('x');",
  ]) {
    expect(judge.judge(sql)).toMatchObject({ kind: "run" });
  }
  return judge;
}

function classOf(sql: string): StatementClass {
  const { kind } = judgeInTheMiddle().judge(sql);
  return kind === "left out" || kind === "refused" ? kind : "runs";
}

/** The same statement as somebody might hide it. */
const disguised = (sql: string) =>
  `/* a /* nested */ comment */ ${sql.replaceAll(/ (?=[A-Z])/g, " -- SET x = 1;\n\t")} ;`;

describe.each(Object.entries(STATEMENT_KINDS))("%s", (_kind, examples) => {
  test.each(examples)("%s in a dump: %s", (expected, sql) => {
    expect(classOf(`${sql};`)).toBe(expected);
    expect(classOf(disguised(sql))).toBe(expected);
    expect(classOf(sql.replaceAll(/\b[A-Z]+\b/g, (word) => word.toLowerCase()))).toBe(expected);
  });
});

test.skipIf(!HAS_PSQL)("each statement kind that psql knows has an example here", () => {
  const help = execFileSync("psql", ["-X", "-c", "\\h", serverUrl()], { encoding: "utf8" });
  // In two columns, of which the second begins at a fixed offset.
  const kinds = help.split("\n").flatMap((line) => [line.slice(2, 35), line.slice(35)]);
  const listed = kinds.map((kind) => kind.trim()).filter((kind) => /^[A-Z][A-Z ]*$/.test(kind));
  expect(listed.length).toBeGreaterThan(170);
  // Newer versions of psql know more, which the rule for what is unknown answers.
  const isOfFifteen = help.includes("ALTER SYSTEM") && !help.includes("CREATE PROPERTY GRAPH");
  if (isOfFifteen) expect(listed.toSorted()).toEqual(Object.keys(STATEMENT_KINDS).toSorted());
});

test("what no manual lists is refused", () => {
  for (const sql of ["FROBNICATE public.t;", "(SELECT 1);", '"SELECT" 1;', "1;", "'x';", "= 1;"]) {
    expect(classOf(sql), sql).toBe("refused");
  }
});
