// The memory that accounts take, measured in a process that holds little else.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

const ACCOUNTS = 200_000;

/** A million accounts in 600 MB is the bound; flat, they take about half of it. */
const BYTES_PER_ACCOUNT_MAX = 330;

test("200,000 accounts with their tree and their keys take at most 330 bytes each", () => {
  const program = path.join(import.meta.dirname, "memory-of-accounts.js");
  const args = ["--expose-gc", program, String(ACCOUNTS)];
  const output = execFileSync(process.execPath, args, { encoding: "utf8" });
  const { accountCount, bytesPerAccount } = JSON.parse(output) as Record<string, number>;
  expect(accountCount).toBe(ACCOUNTS);
  expect(bytesPerAccount).toBeLessThan(BYTES_PER_ACCOUNT_MAX);
  // Less than a record would mean that something was not counted.
  expect(bytesPerAccount).toBeGreaterThan(176);
});
