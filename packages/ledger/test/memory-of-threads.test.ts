// The memory that threads take beside a ledger that they follow, of a process that holds little else.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";

const ACCOUNTS = 60_000;

const MIB = 2 ** 20;

/** Three threads, the accounts and two trees once more, and a copy of the accounts to be encoded. */
const RISEN_BYTES_MAX = 165 * MIB;

test("60,000 accounts followed on threads and encoded twice take at most 165 MiB beside their ledger", () => {
  const program = path.join(import.meta.dirname, "memory-of-threads.js");
  const output = execFileSync(process.execPath, [program, String(ACCOUNTS)], { encoding: "utf8" });
  const { accountCount, encodedBytes, risenBytes } = JSON.parse(output) as Record<string, number>;
  expect(accountCount).toBe(ACCOUNTS);
  // Both times all of them: some 770 bytes of JSON each.
  expect(encodedBytes).toBeGreaterThan(2 * 700 * ACCOUNTS);
  expect(risenBytes).toBeLessThan(RISEN_BYTES_MAX);
  // Less than a copy of the records would mean that something was not counted.
  expect(risenBytes).toBeGreaterThan(176 * ACCOUNTS);
});
