// The short run of what `npm run fuzz:restore` does for hours.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const DRIVER = fileURLToPath(new URL("../fuzz/restore.js", import.meta.url));

test("a hundred mutated dumps change nothing of a server and end in ways of ours", async () => {
  const args = [DRIVER, "--inputs", "100", "--seed", "7", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { inputs, outcomes, wrong, slowestMs, peakRssMb } = JSON.parse(stdout);
  expect(wrong).toEqual([]);
  expect(Object.keys(outcomes).sort()).toEqual(["restored", "sourceData"]);
  expect(outcomes.restored + outcomes.sourceData).toBe(inputs);
  expect(slowestMs).toBeLessThan(60_000);
  expect(peakRssMb).toBeLessThan(500);
});
