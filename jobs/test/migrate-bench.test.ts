// The benchmarks of the migration, of a restore and of a whole prime at a small size: their documents, and the
// memory of the processes.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isToolMissing } from "@forklift/testkit";
import { expect, test } from "vitest";
import { z } from "zod";

async function bench(name: string, ...args: readonly string[]): Promise<unknown> {
  const program = fileURLToPath(new URL(`../bench/${name}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, "--json", ...args]);
  return JSON.parse(stdout);
}

const seconds = z.number().positive();
const migrateFigures = z.strictObject({
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
  fetch: z.strictObject({
    blocks: z.int(),
    bytes_per_block: z.int(),
    seconds,
    bare_seconds: seconds,
    one_thread_seconds: seconds,
    unpack_seconds: seconds,
    threads: z.int(),
    bar: seconds,
  }),
  migrate: z.strictObject({ seconds }),
});

test("of the migration prints its document, and its memory is bounded", async () => {
  const { copy, verify, fetch } = migrateFigures.parse(
    await bench(
      "migrate",
      ...["--blocks", "200", "--commands-per-block", "3"],
      ...["--fetched-blocks", "300"],
    ),
  );
  expect(verify.blocks).toBeGreaterThan(180);
  expect(copy.rows).toBeGreaterThan(verify.blocks);
  expect(fetch.blocks).toBe(300);
  // Less than a Node process needs to start would mean that something else was watched.
  expect(copy.peak_rss_mb).toBeGreaterThan(40);
  expect(copy.peak_rss_mb).toBeLessThan(400);
});

// Of a stage so short, the system counts next to nothing.
const work = z.strictObject({ seconds, cpu_seconds: z.number().nonnegative() });
const primeFigures = z.strictObject({
  blocks: z.int(),
  commands: z.int(),
  accounts: z.int(),
  threads: z.int(),
  stages: z.record(z.string(), z.number()),
  seconds,
  hash_seconds: seconds,
  cpu_seconds: seconds,
  peak_rss_mb: z.number(),
  by_accounts: z.strictObject({
    genesis_accounts_seconds: z.number().nonnegative(),
    first_ledger_seconds: z.number().nonnegative(),
    last_checkpoint_seconds: z.number().nonnegative(),
  }),
  mainnet_projection_minutes: z.number().positive(),
  block_reading_minutes: z.number().positive(),
  idle_daily_seconds: seconds,
  replay: work,
  verification: work,
});

test("of a prime prints its document, with the time of every stage and processor", async () => {
  const { replay, verification, stages, ...prime } = primeFigures.parse(
    await bench(
      "prime",
      ...["--blocks", "60", "--accounts", "50", "--commands-per-block", "3"],
      ...["--large-blocks", "5", "--threads", "1"],
    ),
  );
  // A block opens an account now and then, and none of genesis is left out: its winner counts, too.
  expect(prime).toMatchObject({ blocks: 60, threads: 1 });
  expect(prime.accounts).toBeGreaterThan(51);
  expect(prime.accounts).toBeLessThan(51 + 60);
  expect(prime.commands).toBeGreaterThan(60);
  const once = Object.values(prime.by_accounts).reduce((sum, seconds) => sum + seconds, 0);
  expect(once).toBeLessThan(prime.seconds);
  expect(prime.mainnet_projection_minutes).toBeCloseTo(
    ((359_604 / 60) * (prime.seconds - once) + (228_000 / prime.accounts) * once) / 60,
    6,
  );
  // Its stages are parts of the whole, and so are their processors' times.
  const inStages = Object.values(stages).reduce((sum, each) => sum + each, 0);
  expect(inStages).toBeLessThan(prime.seconds);
  expect(stages).toMatchObject({
    "replay-commands": replay.seconds,
    "verify-target": verification.seconds,
  });
  expect(replay.cpu_seconds + verification.cpu_seconds).toBeGreaterThan(0);
  expect(replay.cpu_seconds + verification.cpu_seconds).toBeLessThan(prime.cpu_seconds);
  expect(prime.peak_rss_mb).toBeGreaterThan(40);
  expect(prime.peak_rss_mb).toBeLessThan(500);
});

const packed = z.strictObject({
  seconds,
  psql_seconds: seconds,
  gunzip_seconds: seconds,
  copy_seconds: seconds,
  ratio: z.number().positive(),
});
const restored = z.strictObject({
  bytes: z.int(),
  rows: z.int(),
  plain: z.strictObject({ seconds, psql_seconds: seconds, ratio: z.number().positive() }),
  gz: packed,
  tar_gz: packed,
  checks_seconds: seconds,
  peak_rss_mb: z.number(),
});

test.skipIf(isToolMissing("psql"))(
  "of a restore prints its document, and its memory is bounded",
  async () => {
    const size = ["--blocks", "200", "--commands-per-block", "3", "--rounds", "1"];
    const { bytes, rows, peak_rss_mb } = restored.parse(await bench("restore", ...size));
    expect(rows).toBeGreaterThan(200);
    expect(bytes).toBeGreaterThan(50 * rows);
    expect(peak_rss_mb).toBeGreaterThan(40);
    expect(peak_rss_mb).toBeLessThan(300);
  },
);
