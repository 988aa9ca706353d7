// The house rules hold, and are seen to fail when somebody breaks one.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findProblems, MAY_IMPORT } from "./tidy.js";

const ROOT = path.dirname(import.meta.dirname);

test("the repository is tidy", () => {
  expect(findProblems(ROOT)).toEqual([]);
});

test("ARCHITECTURE.md draws every arrow that the rules allow, and no other", () => {
  const page = readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8");
  const drawn = Object.fromEntries(
    [...page.matchAll(/^\| `([^`]+)` *\| [^|]+ \| ([^|]*) \|$/gm)].map(([, home, arrows]) => [
      home,
      arrows!.trim() === "nothing" ? [] : arrows!.trim().split(", "),
    ]),
  );
  expect(drawn).toEqual(MAY_IMPORT);
});

describe("a planted fault", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "forklift-tidy-"));
    for (const home of Object.keys(MAY_IMPORT)) {
      mkdirSync(path.join(root, home), { recursive: true });
      for (const part of ["src", "package.json", "tsconfig.json"]) {
        cpSync(path.join(ROOT, home, part), path.join(root, home, part), { recursive: true });
      }
    }
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const plant = (file: string, line: string) => {
    const place = path.join(root, file);
    writeFileSync(place, `${readFileSync(place, "utf8")}\n${line}\n`);
    return findProblems(root);
  };

  test.each([
    ["an app importing an app", "apps/migrator/src/index.ts", 'import "@forklift/replayer";'],
    [
      "the verifier importing the archive",
      "packages/verifier/src/index.ts",
      'export * from "@forklift/archive";',
    ],
    ["an arrow turned back", "packages/chain/src/index.ts", 'export * from "@forklift/ledger";'],
    ["pg outside its package", "packages/archive/src/index.ts", 'import pg from "pg";'],
    [
      "a side door into a package",
      "apps/replayer/src/index.ts",
      'import "@forklift/ledger/dist/ledger.js";',
    ],
    [
      "a path into another package",
      "apps/replayer/src/index.ts",
      'import "../../migrator/src/index.ts";',
    ],
    [
      "a type-only import of a forbidden package",
      "packages/ledger/src/index.ts",
      'import type { Session } from "@forklift/postgres";',
    ],
    [
      "a dynamic import of a forbidden package",
      "packages/chain/src/index.ts",
      'await import("@forklift/pipeline");',
    ],
    ["the process touched below main.ts", "apps/migrator/src/index.ts", "process.exit(1);"],
  ])("%s is found", (_what, file, line) => {
    const problems = plant(file, line);
    expect(problems.some((problem) => problem.startsWith(file))).toBe(true);
  });

  test("a dependency that package.json does not name is found", () => {
    const problems = plant("apps/migrator/src/index.ts", 'import "@forklift/chain";');
    expect(problems).toEqual([]);
    const manifest = path.join(root, "apps/migrator/package.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/.*@forklift\/chain.*\n/, ""));
    expect(findProblems(root).some((it) => it.startsWith("apps/migrator/package.json"))).toBe(true);
  });
});
