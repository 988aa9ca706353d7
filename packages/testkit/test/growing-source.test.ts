// A source that grows block by block: how blocks come to be decided, and that in the end it holds what a dump of
// the same network holds.

import { readdir } from "node:fs/promises";
import { SAMPLE_DEFAULTS } from "@forklift/sample";
import {
  databaseContents,
  type GrowingSource,
  openGrowingSource,
  openSampleSource,
  openTestSession,
} from "@forklift/testkit";
import { expect, test } from "vitest";

const FINALITY = 4;
const SMALL = { ...SAMPLE_DEFAULTS, blocks: 40, days: 1, accounts: 40, finality: FINALITY };

interface Status {
  readonly height: string;
  readonly state_hash: string;
  readonly chain_status: string;
}

async function statuses(source: GrowingSource): Promise<Status[]> {
  await using session = await openTestSession(source);
  return await session.query<Status>("select height, state_hash, chain_status from blocks");
}

/** Without what the restore of a dump notes beside the archive. */
async function archiveIn(url: string): Promise<readonly (readonly [string, string])[]> {
  const contents = Object.entries(await databaseContents(url));
  return contents.filter(([name]) => !name.includes("restored_dump"));
}

test("a block is canonical once a branch stands its finality above it, and its rivals are orphaned", async () => {
  await using source = await openGrowingSource({
    ...SMALL,
    forkLength: (height) => (height === 5 ? FINALITY : height === 9 ? 1 : 0),
  });
  for (let height = 2; height <= 14; height++) {
    await source.grow(1);
    expect(source.tip.height).toBe(BigInt(height));
    const stays = new Set(source.arrived.filter(({ isRival }) => !isRival).map((b) => b.stateHash));
    const highest = Math.max(...source.arrived.map((block) => Number(block.height)));
    for (const status of await statuses(source)) {
      const at = Number(status.height);
      const decided = stays.has(status.state_hash as never) || at === 1 ? "canonical" : "orphaned";
      const expected = at === 1 || at <= highest - FINALITY ? decided : "pending";
      expect(status).toStrictEqual({ ...status, chain_status: expected });
    }
  }
  expect((await statuses(source)).filter((s) => s.chain_status === "orphaned")).toHaveLength(5);
  expect(await readdir(source.blocks)).toHaveLength(source.arrived.length + 1);
});

test("a block that could not arrive is the first to arrive the next time", {
  tags: ["only-in-all"],
}, async () => {
  await using source = await openGrowingSource({ ...SMALL, forkLength: () => 0 });
  await source.grow(2);
  await using session = await openTestSession(source);
  await session.query("alter table blocks rename to away");
  await expect(source.grow(1)).rejects.toThrow('relation "blocks" does not exist');
  expect(source.tip.height).toBe(3n);
  await session.query("alter table away rename to blocks");
  await source.grow(1);
  expect(source.tip.height).toBe(5n);
  const heights = (await statuses(source)).map(({ height }) => Number(height));
  expect(heights.sort((a, b) => a - b)).toStrictEqual([1, 2, 3, 4, 5]);
});

test("grown to its end it holds what the dump of the same network holds", {
  tags: ["only-in-all"],
}, async () => {
  await using grown = await openGrowingSource(SMALL);
  await grown.grow(SMALL.blocks - 1);
  await using dumped = await openSampleSource(SMALL);
  expect(await archiveIn(grown.url)).toStrictEqual(await archiveIn(dumped.url));
});
