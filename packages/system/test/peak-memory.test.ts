// The peak memory of a process is its own, whoever started it.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { peakMemoryOfProcess } from "../src/index.ts";

const MIB = 2 ** 20;

/** Fills its own memory, and prints what a process says that it starts. */
const PARENT = `
  const { execFileSync } = require("node:child_process");
  const filled = Buffer.alloc(300 * ${MIB}, 1);
  const child = 'import("@forklift/system").then(({ peakMemory }) => console.log(peakMemory()))';
  process.stdout.write(execFileSync(process.execPath, ["-e", child]));
  if (filled.length === 0) throw new Error("unused");
`;

test("what a large process starts is not as large", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", PARENT], {
    cwd: import.meta.dirname,
  });
  const peak = Number(stdout);
  expect(peak).toBeGreaterThan(10 * MIB);
  expect(peak).toBeLessThan(200 * MIB);
});

test("a process that does not exist has none", () => {
  expect(peakMemoryOfProcess(2 ** 30)).toBeUndefined();
});
