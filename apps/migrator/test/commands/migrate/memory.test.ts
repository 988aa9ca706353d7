// A migration takes the same memory for a short chain and for one ten times as long.
// @module-tag only-in-all

import path from "node:path";
import { openSampleSource, openTestDatabase, peakMemoryOf, sampleNetwork } from "@forklift/testkit";
import { describe, expect, test } from "vitest";

const SHORT_BLOCKS = 300;
const LONG_BLOCKS = 10 * SHORT_BLOCKS;

const MIB = 1024 * 1024;

/** What the documentation promises of `forklift migrate`, however long the chain. */
const PEAK_BYTES_MAX = 400 * MIB;

/**
 * Without a heap limit a process defers garbage collection, and its garbage grows with its work.
 * With a small heap its peak shows the live objects: so many MiB per thread.
 */
const SMALL_HEAP = ["--max-old-space-size=128", "--max-semi-space-size=4"];

/**
 * Larger batches, and what is remembered of keys and hashes, each up to a bound that a short chain
 * does not reach: about 28 MiB. Holding on to the blocks, even without their proofs, takes 45.
 */
const GROWTH_BYTES_MAX = 38 * MIB;

describe("the memory of a migration", () => {
  async function peakOfMigration(
    blocks: number,
    nodeOptions: readonly string[] = [],
  ): Promise<number> {
    const sizes = { days: 1, seed: 1, finality: 20, accounts: 50, commandsPerBlock: 2 };
    const { folder: chain } = await sampleNetwork({ blocks, ...sizes });
    await using source = await openSampleSource({ blocks, ...sizes });
    await using target = await openTestDatabase();
    const migrate = [
      ...["migrate", "--network", path.join(chain, "network.yaml")],
      ...["--genesis-ledger", path.join(chain, "genesis-ledger.json")],
      ...["--source-db", source.url, "--target-db", target.url],
      ...["--blocks", path.join(chain, "blocks"), "--stop-at-height", String(blocks)],
    ];
    const peak = await peakMemoryOf(migrate, nodeOptions, "forklift-migrator");
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
