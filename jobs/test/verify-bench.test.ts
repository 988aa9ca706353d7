// The benchmark of the verification at a small size: its document, the memory of the process, and
// that what it times is a verification that proves every column.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";

const BENCH = fileURLToPath(new URL("../bench/verify.js", import.meta.url));

const seconds = z.number().positive();
const times = { migrate_seconds: seconds, replay_seconds: seconds, seconds };
const figures = z.strictObject({
  full: z.strictObject({
    blocks: z.int(),
    commands: z.int(),
    columns: z.int(),
    proven: z.int(),
    ...times,
    threads: z.array(
      z.strictObject({
        threads: z.int(),
        seconds,
        main_thread_ms_per_block: seconds,
        all_threads_ms_per_block: seconds,
      }),
    ),
    peak_rss_mb: z.record(z.string(), z.number()),
  }),
  daily: z.strictObject({ blocks: z.int(), blocks_before: z.int(), ...times }),
});

test("prints its document, and the memory of a verification is bounded", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [
    ...[BENCH, "--json", "--blocks", "400", "--short", "80"],
    ...["--daily-blocks", "80", "--commands-per-block", "3", "--threads", "1,2"],
  ]);
  const { full, daily } = figures.parse(JSON.parse(stdout));
  // Twenty of the four hundred are still pending.
  expect(full.blocks).toBe(380);
  expect(full.proven).toBe(full.columns);
  expect(full.threads.map(({ threads }) => threads)).toEqual([1, 2]);
  for (const { main_thread_ms_per_block, all_threads_ms_per_block } of full.threads) {
    expect(main_thread_ms_per_block).toBeLessThan(all_threads_ms_per_block);
  }
  expect(full.threads[1]!.seconds).toBe(full.seconds);
  expect(daily.blocks + daily.blocks_before).toBe(60);
  expect(Object.keys(full.peak_rss_mb)).toEqual(["80", "380"]);
  for (const peak of Object.values(full.peak_rss_mb)) {
    // Less than a Node process needs to start would mean that something else was watched.
    expect(peak).toBeGreaterThan(40);
    expect(peak).toBeLessThan(300);
  }
});
