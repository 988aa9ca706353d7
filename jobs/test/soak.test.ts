// A few nights of the soak test, each fault among them; `npm run soak` has thirty.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const SOAK = path.join(import.meta.dirname, "../soak/soak.js");

test("every night ends with a verified set or a clear failure, and no set is ever wrong", async () => {
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, [SOAK, "--days", "5", "--json"]);
  expect(JSON.parse(stdout), stderr).toEqual({ days: 5, verified: 3, failed_clearly: 2, wrong: 0 });
  expect(stderr).toMatch(/day 2: failed_clearly, cannot write gs:\/\/soak-sets\/sample-set-/);
  expect(stderr).toMatch(/day 3: verified, height \d+, a second run was refused, then a file/);
  expect(stderr).toMatch(/day 4: failed_clearly, .* holds no sample-archive-dump of 2021-03-/);
});
