// The suite's one closing line: it sums what its steps count, and no failure gets lost in it.

import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { closingLine, countsIn, countsOfStep, sumOf } from "./counts.js";

const TEST = path.join(import.meta.dirname, "../test");

describe("the closing line", () => {
  test.each([
    [{ passed: 3, failed: 0, skipped: 0 }, "3 passed, 0 failed"],
    [{ passed: 0, failed: 12, skipped: 5 }, "0 passed, 12 failed, 5 skipped"],
  ])("of %j is read as it is written", (counts, line) => {
    expect(closingLine(counts)).toBe(line);
    expect(countsIn(line)).toEqual(counts);
  });

  test.each([
    "",
    "3 passed",
    " 3 passed, 0 failed",
    "3 passed, 0 failed in 2 s",
    "x 3 passed, 0 failed",
  ])("is not %j", (line) => expect(countsIn(line)).toBeNull());
});

describe("a step of the suite", () => {
  const counts = { passed: 4, failed: 0, skipped: 1 };

  test("counts what it says", () => {
    expect(countsOfStep({ exit: 0, counts })).toEqual(counts);
    expect(countsOfStep({ exit: 1, counts: { ...counts, failed: 2 } })).toMatchObject({
      failed: 2,
    });
  });

  test("is a check of its own when it says nothing", () => {
    expect(countsOfStep({ exit: 0, counts: null })).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(countsOfStep({ exit: 2, counts: null })).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test("that ends with an error has failed, though all that it counted passed", () => {
    expect(countsOfStep({ exit: 1, counts })).toEqual({ ...counts, failed: 1 });
    expect(countsOfStep({ exit: null, counts })).toMatchObject({ failed: 1 });
  });

  test("is summed with the others", () => {
    expect(sumOf([counts, { passed: 1, failed: 2, skipped: 0 }])).toEqual({
      passed: 5,
      failed: 2,
      skipped: 1,
    });
  });
});

test.each([["--quick"], [""], ["--all", "--all"]])(
  "an unknown argument is refused: %j %j",
  (...args) => {
    const { status, stderr } = spawnSync(TEST, args, { encoding: "utf8" });
    expect(status).toBe(64);
    expect(stderr).toContain("known: --all");
  },
);
