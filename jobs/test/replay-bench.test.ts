// The benchmark of the replay at a small size: its document, and the memory of the process that it
// measures, which does what `forklift replay` does. One database is replayed with each number of threads.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const BENCH = fileURLToPath(new URL("../bench/replay.js", import.meta.url));

async function bench(...args: readonly string[]) {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [BENCH, "--json", ...args]);
  return JSON.parse(stdout) as Record<string, number> & {
    readonly us_per_block_at: Record<string, number>;
    readonly threads: readonly Record<string, number>[];
  };
}

test("prints its document, and the memory of a replay is bounded", async () => {
  const figures = await bench(
    ...["--blocks", "1200", "--accounts", "2000", "--commands-per-block", "3"],
    ...["--threads", "1,2"],
  );
  expect(Object.keys(figures)).toEqual([
    "blocks",
    "commands",
    "accounts",
    "permutations",
    "seconds",
    "hash_seconds",
    "peak_rss_mb",
    "us_per_block_at",
    "mainnet_projection_minutes",
    "threads",
  ]);
  expect(figures.threads.map(({ threads }) => threads)).toEqual([1, 2]);
  for (const one of figures.threads) {
    expect(one["ratio"]).toBeCloseTo(one["seconds"]! / one["hash_seconds"]!, 6);
    expect(one["main_thread_ms_per_block"]).toBeGreaterThan(0.05);
    expect(one["peak_rss_mb"]).toBeGreaterThan(40);
  }
  // On one thread all hashing is the main thread's.
  const [alone, shared] = figures.threads.map((one) => one["main_thread_ms_per_block"]!);
  expect(alone).toBeGreaterThan(shared!);
  expect(figures).toMatchObject({ seconds: figures.threads[1]!["seconds"] });
  // Three user commands, a coinbase and two fee transfers in every block above genesis.
  expect(figures).toMatchObject({ blocks: 1199, commands: 6 * 1199, accounts: 2000 });
  const seconds = Number(figures["seconds"]);
  expect(figures["mainnet_projection_minutes"]).toBeCloseTo((359_604 * seconds) / 1199 / 60, 6);
  // A receipt for each of the user commands takes four, the tree a multiple of that.
  expect(figures["permutations"]).toBeGreaterThan(3 * 4 * 1199);
  expect(Object.keys(figures.us_per_block_at)).toHaveLength(2);
  console.info(`replay: peak ${figures["peak_rss_mb"]} MB`);
  // Less than a Node process needs to start would mean that something else was watched.
  expect(figures["peak_rss_mb"]).toBeGreaterThan(40);
  expect(figures["peak_rss_mb"]).toBeLessThan(500);
});
