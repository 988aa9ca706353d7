// The benchmark of the migration at a small size: its document, and the memory of the process.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const BENCH = fileURLToPath(new URL("../bench/migrate.js", import.meta.url));

const seconds = z.number().positive();
const figures = z.strictObject({
  copy: z.strictObject({
    rows: z.int(),
    seconds,
    pipe_seconds: seconds,
    pipe_indexes_last_seconds: seconds,
    // Null where there is no psql.
    pg_dump_psql_seconds: seconds.nullable(),
    peak_rss_mb: z.number(),
  }),
  verify: z.strictObject({ blocks: z.int(), commands: z.int(), seconds, digest_seconds: seconds }),
  fetch: z.strictObject({ blocks: z.int(), seconds, bare_seconds: seconds }),
  migrate: z.strictObject({ seconds }),
});

test("prints its document, and the memory of a migration is bounded", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [
    ...[BENCH, "--json", "--blocks", "200", "--commands-per-block", "3"],
    ...["--fetched-blocks", "300"],
  ]);
  const { copy, verify, fetch } = figures.parse(JSON.parse(stdout));
  expect(verify.blocks).toBeGreaterThan(180);
  expect(copy.rows).toBeGreaterThan(verify.blocks);
  expect(fetch.blocks).toBe(300);
  // Less than a Node process needs to start would mean that something else was watched.
  expect(copy.peak_rss_mb).toBeGreaterThan(40);
  expect(copy.peak_rss_mb).toBeLessThan(400);
});
