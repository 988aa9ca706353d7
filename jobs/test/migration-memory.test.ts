// A migration takes the same memory for a short chain and for one ten times as long.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { forkliftJson, openTestDatabase } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { peakMemoryOf } from "./peak-memory.ts";

const SHORT_BLOCKS = 300;
const LONG_BLOCKS = 10 * SHORT_BLOCKS;

const MIB = 1024 * 1024;

/** What the documentation promises of `forklift migrate`, however long the chain. */
const PEAK_BYTES_MAX = 400 * MIB;

/**
 * Left alone, a process lets its garbage lie while there is room, and the more it has done the more
 * there lies. With little room its peak shows what it holds: per thread so many MiB of objects.
 */
const SMALL_HEAP = ["--max-old-space-size=128", "--max-semi-space-size=4"];

/**
 * Larger batches, and what is remembered of keys and hashes, each up to a bound that a short chain
 * does not reach: about 28 MiB. Holding on to the blocks, even without their proofs, takes 45.
 */
const GROWTH_BYTES_MAX = 38 * MIB;

describe("the memory of a migration", () => {
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-memory-"));
    await Promise.all([SHORT_BLOCKS, LONG_BLOCKS].map(makeChain));
  });

  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  async function makeChain(blocks: number): Promise<void> {
    await forkliftJson([
      ...["sample", "--out", path.join(home, String(blocks)), "--blocks", String(blocks)],
      ...["--days", "1", "--accounts", "50", "--commands-per-block", "2"],
    ]);
  }

  async function peakOfMigration(
    blocks: number,
    nodeOptions: readonly string[] = [],
  ): Promise<number> {
    const chain = path.join(home, String(blocks));
    await using source = await openTestDatabase();
    await using target = await openTestDatabase();
    const [dump] = await readdir(path.join(chain, "dumps"));
    await forkliftJson(["restore", "--dump", path.join(chain, "dumps", dump!), "--db", source.url]);
    const migrate = [
      ...["migrate", "--network", path.join(chain, "network.yaml")],
      ...["--genesis-ledger", path.join(chain, "genesis-ledger.json")],
      ...["--source-db", source.url, "--target-db", target.url],
      ...["--blocks", path.join(chain, "blocks"), "--stop-at-height", String(blocks)],
    ];
    const peak = await peakMemoryOf(migrate, nodeOptions);
    const shown = ["forklift migrate", ...nodeOptions, `of ${blocks} blocks`].join(" ");
    console.info(`${shown}: peak ${Math.round(peak / MIB)} MiB`);
    // Less than a Node process needs to start would mean that something else was watched.
    expect(peak).toBeGreaterThan(40 * MIB);
    return peak;
  }

  test("is bounded", async () => {
    expect(await peakOfMigration(LONG_BLOCKS)).toBeLessThan(PEAK_BYTES_MAX);
  });

  test("does not grow with the chain", async () => {
    const short = await peakOfMigration(SHORT_BLOCKS, SMALL_HEAP);
    const long = await peakOfMigration(LONG_BLOCKS, SMALL_HEAP);
    expect(long - short).toBeLessThan(GROWTH_BYTES_MAX);
  });
});
