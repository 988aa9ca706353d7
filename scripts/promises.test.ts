// Every row of the table of promises in ARCHITECTURE.md is true of the code, and a row that is not is found.

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import configuration from "../vitest.config.ts";
import { PlantedHouse, TABLE } from "./planted-house.ts";
import { problemsOfPromises, promisesOf } from "./structure/promises.js";

const ROOT = path.dirname(import.meta.dirname);

/** A pattern of the test runner as a regular expression: braces, stars and double stars. */
function toRegExp(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*|\{[^}]*\})/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "*") return "[^/]*";
    if (part.startsWith("{")) return `(?:${part.slice(1, -1).split(",").join("|")})`;
    return part.replace(/[.+?^$()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}

const patterns = configuration.test?.include?.map(toRegExp) ?? [];
const isRun = (file: string) => patterns.some((pattern) => pattern.test(file));

test("every promise of ARCHITECTURE.md is kept by code that is used, and seen by a test that is run", () => {
  const rows = promisesOf(readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8"));
  expect(rows.length).toBeGreaterThan(20);
  expect(problemsOfPromises(ROOT, rows, isRun)).toEqual([]);
});

describe("a planted row", () => {
  const KEPT = "| it holds | `keep` in `packages/ledger` | `packages/ledger/test/keep.test.ts` |";

  /** The findings for rows in a repository whose ledger has `keep`, which jobs uses. */
  function problemsOf(...rows: string[]): string[] {
    using house = new PlantedHouse();
    house.write("packages/ledger/src/keep.ts", "export function keep() {}");
    house.write("packages/ledger/src/idle.ts", "export function idle() { idle(); }");
    house.write("packages/ledger/src/hidden.ts", "function hidden() {} hidden();");
    house.write("packages/ledger/src/index.ts", 'export { keep } from "./keep.ts"; // idle');
    house.plant("packages/chain/src/index.ts", 'export { idle } from "./idle.ts";');
    house.write("jobs/src/use.ts", 'import { keep } from "@forklift/ledger"; keep();');
    house.write("packages/ledger/test/keep.test.ts", "");
    house.write("packages/ledger/test/idle.test.ts", "idle();");
    house.write("packages/ledger/bench/keep.test.ts", "");
    const page = [
      "## Where each promise is kept",
      "",
      "| promise | kept by | seen |",
      "| --- | --- | --- |",
      ...rows,
      "",
      "## Decisions",
      "| no | row | here |",
    ].join("\n");
    return problemsOfPromises(house.root, promisesOf(page), isRun, TABLE);
  }

  test("that is true passes, also with a folder of tests, or as the sum of those above", () => {
    const sum = "| all hold | all of the above, at night | `packages/ledger/test` |";
    expect(problemsOf(KEPT, sum)).toEqual([]);
  });

  test.each([
    ["a name that does not exist", "`kept`", "kept is not exported in any package"],
    ["a name of another package", "`keep` in `packages/chain`", "not exported in packages/chain"],
    ["a name that is not exported", "`hidden`", "hidden is not exported in any package"],
    [
      "a name that only its own file, its index and its test know",
      "`idle` in `packages/ledger`",
      "idle of packages/ledger/src/idle.ts is used by nobody but its tests",
    ],
    ["a package that does not exist", "`keep` in `packages/attic`", "packages/attic is no package"],
    ["nobody", "care and attention", "names nobody who keeps it"],
    ["all of the above, with nothing above", "all of the above", "names nobody who keeps it"],
  ])("that is kept by %s is found", (_what, keeper, problem) => {
    const [said] = problemsOf(`| it holds | ${keeper} | \`packages/ledger/test\` |`);
    expect(said).toMatch(/^it holds: /);
    expect(said).toContain(problem);
  });

  test.each([
    ["does not exist", "`packages/ledger/test/gone.test.ts`", "gone.test.ts does not exist"],
    ["is not run", "`packages/ledger/bench/keep.test.ts`", "is not run by the tests"],
    ["is in a folder without tests", "`packages/ledger/src`", "is not run by the tests"],
    ["is not named", "by looking", "names no test"],
  ])("whose test %s is found", (_what, seen, problem) => {
    const [said] = problemsOf(`| it holds | \`keep\` | ${seen} |`);
    expect(said).toContain(problem);
  });
});
