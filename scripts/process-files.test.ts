// Which test files of the jobs start a process. It costs the better part of a second each time, so that
// only what a process alone shows is tested by one; the rest runs in the process of the test.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const FOLDER = path.join(import.meta.dirname, "../jobs/test");
const FILES_MAX = 13;

/** Of Node, and of testkit. What testkit makes once a run is not counted: no file pays for it alone. */
const STARTS =
  /\b(spawn|spawnSync|exec|execSync|execFile|execFileSync|fork|runForklift|forkliftJson|interruptRun|peakMemoryOf)\b/;

function filesThatStart(names: readonly string[]): string[] {
  return names.filter((name) => {
    const imports = readFileSync(path.join(FOLDER, name), "utf8").matchAll(
      /import (?:type )?\{([^}]*)\} from "(?:node:child_process|@forklift\/testkit)"/g,
    );
    return [...imports].some(([, imported]) => STARTS.test(imported!));
  });
}

test("few test files of the jobs start a process", () => {
  const names = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  const found = filesThatStart(names.filter((name) => name.endsWith(".ts"))).sort();
  expect(found).toContain("programs.test.ts");
  expect(found).not.toContain("verify.test.ts");
  expect(found.length, found.join(", ")).toBeLessThanOrEqual(FILES_MAX);
});
