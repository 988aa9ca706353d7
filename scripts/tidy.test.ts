// Tests of the linter tidy.js: the repository passes it, and each rule fails on code that breaks
// it.

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { MAY_IMPORT } from "./architecture.js";
import { PlantedHouse, TABLE } from "./planted-house.ts";
import { findProblems } from "./tidy.js";

const ROOT = path.dirname(import.meta.dirname);

test("the repository is tidy", async () => {
  expect(await findProblems(ROOT)).toEqual([]);
});

test("ARCHITECTURE.md says of every package what it is", () => {
  const page = readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8");
  const told = [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \|$/gm)].map(([, home]) => home);
  expect(told).toEqual(Object.keys(MAY_IMPORT));
});

test("a small house that keeps its table is tidy", async () => {
  using house = new PlantedHouse();
  expect(await findProblems(house.root, TABLE)).toEqual([]);
});

describe("a planted fault", () => {
  const LEDGER = "packages/ledger/src";
  test.each([
    ["an arrow turned back", "packages/chain/src/index.ts", 'import "@forklift/ledger";', "import"],
    [
      "a type-only import of a forbidden package",
      "packages/chain/src/slot.ts",
      'import type { Ledger } from "@forklift/ledger";',
      "may not import",
    ],
    [
      "an import in a type of a forbidden package",
      "packages/chain/src/slot.ts",
      'export type Ledger = import("@forklift/ledger").Ledger;',
      "may not import",
    ],
    [
      "a dynamic import of a forbidden package",
      "packages/chain/src/slot.ts",
      'await import("@forklift/ledger");',
      "may not import",
    ],
    [
      "a package that the table allows to those below, but not here",
      "jobs/src/index.ts",
      'export * from "@forklift/chain";',
      "may not import",
    ],
    [
      "a kept library elsewhere",
      "jobs/src/index.ts",
      'import pg from "pg";',
      "only packages/ledger",
    ],
    [
      "a part of a kept library elsewhere",
      "jobs/src/index.ts",
      'import type { X } from "pg/lib/x.js";',
      "only packages/ledger",
    ],
    [
      "a side door into a package",
      "jobs/src/index.ts",
      'import "@forklift/ledger/dist/tree/tree.js";',
      "other than by its index",
    ],
    [
      "a path into another package",
      "jobs/src/index.ts",
      'import "../../packages/ledger/src/index.ts";',
      "out of its package",
    ],
    [
      "a package that enters itself by its own index",
      `${LEDGER}/tree/tree.ts`,
      'import "../index.ts";',
      "its own index",
    ],
    ["an import that runs up", `${LEDGER}/tree/hash.ts`, 'import "../apply/apply.ts";', "runs up"],
    [
      "a type-only import that runs up",
      `${LEDGER}/text.ts`,
      'import type { T } from "./tree/tree.ts";',
      "runs up",
    ],
    [
      "an import of a neighbour on the same floor",
      `${LEDGER}/audit/audit.ts`,
      'import "../apply/apply.ts";',
      "its neighbour",
    ],
    ["a process touched below main.ts", "jobs/src/index.ts", "process.exit(1);", "only main.ts"],
    ["a file whose name says nothing", `${LEDGER}/tree/utils.ts`, "export {};", "names nothing"],
  ])("%s is found", async (_what, file, line, said) => {
    using house = new PlantedHouse();
    house.plant(file, line);
    const problems = await findProblems(house.root, TABLE);
    expect(problems.filter((it) => it.startsWith(`${file}: `)).join("\n")).toContain(said);
  });

  test("a circle between two folders is found, also where no two files stand in one", async () => {
    using house = new PlantedHouse();
    house.plant("jobs/src/run/start.ts", 'import "../store/read.ts";');
    house.plant("jobs/src/store/write.ts", 'import type { End } from "../run/end.ts";');
    house.plant("jobs/src/store/read.ts", "export const read = 1;");
    house.plant("jobs/src/run/end.ts", "export type End = 1;");
    const table = { ...TABLE, FLOORS: { ...TABLE.FLOORS, "jobs/src": "main | run | store" } };
    expect(await findProblems(house.root, table)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^jobs\/src: run\/, store\/ stand in a circle/),
      ]),
    );
  });

  test("a circle of single files and a folder is found, deep in a package", async () => {
    using house = new PlantedHouse();
    house.plant("jobs/src/run/start.ts", 'import "./steps/first.ts";');
    house.plant("jobs/src/run/steps/second.ts", 'import "../start.ts";');
    house.plant("jobs/src/run/steps/first.ts", "export const first = 1;");
    const floors = { "jobs/src": "main > run", "jobs/src/run": "* | steps" };
    const table = { ...TABLE, FLOORS: { ...TABLE.FLOORS, ...floors } };
    const problems = await findProblems(house.root, table);
    expect(problems.join("\n")).toContain("jobs/src/run: start.ts, steps/ stand in a circle");
  });

  test("a folder is found that has no floor, and a floor that has no folder", async () => {
    using house = new PlantedHouse();
    house.plant("packages/ledger/src/cellar/wine.ts", "export {};");
    house.plant("packages/chain/src/cellar/wine.ts", "export {};");
    const FLOORS = {
      "packages/ledger/src": "roof > apply | audit > tree > *",
      "packages/attic/src": "a > b",
    };
    expect((await findProblems(house.root, { ...TABLE, FLOORS })).sort()).toEqual([
      "packages/attic/src: FLOORS names this folder, which is not there",
      "packages/chain/src: holds folders, and FLOORS does not name it",
      "packages/ledger/src/cellar/: has no floor in roof > apply | audit > tree > *",
      "packages/ledger/src: FLOORS names roof, which is not there",
    ]);
  });

  test("a single file needs a floor where none is left to those without a name", async () => {
    using house = new PlantedHouse();
    const FLOORS = { "packages/ledger/src": "apply | audit > tree > text" };
    expect(await findProblems(house.root, { ...TABLE, FLOORS })).toEqual([
      "packages/ledger/src/digits.ts: has no floor in apply | audit > tree > text",
    ]);
  });

  test("a manifest is found that names too little, too much, or an arrow that nobody goes", async () => {
    using house = new PlantedHouse();
    house.declare("packages/ledger", []);
    house.declare("packages/chain", ["ledger"]);
    const table = { ...TABLE, MAY_IMPORT: { ...TABLE.MAY_IMPORT, jobs: ["chain", "ledger"] } };
    expect((await findProblems(house.root, table)).sort()).toEqual([
      "jobs in MAY_IMPORT: names chain, ledger; imported: ledger",
      "packages/chain/package.json: names ledger; imported: ",
      "packages/chain/tsconfig.json: names ledger; imported: ",
      "packages/ledger/package.json: names ; imported: chain",
      "packages/ledger/tsconfig.json: names ; imported: chain",
    ]);
  });

  test("an allowance to touch the process that nobody uses is found", async () => {
    using house = new PlantedHouse();
    house.write("packages/chain/src/owner.ts", "export const owner = 1;");
    expect(await findProblems(house.root, TABLE)).toEqual([
      "packages/chain/src/owner.ts: TOUCHES_PROCESS allows it process.pid for nothing",
    ]);
  });
});
