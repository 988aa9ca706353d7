// @module-tag only-in-all

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, UsageError } from "@forklift/pipeline";
import { runForklift } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { makeSample } from "../src/make-sample.ts";
import { SAMPLE_DEFAULTS } from "../src/options.ts";
import { openSample, SMALL, treeOf } from "./sample-folder.ts";

test("the same seed gives the same bytes", async () => {
  await using first = await openSample();
  await using second = await openSample();
  const tree = await treeOf(first.folder);
  expect(await treeOf(second.folder)).toStrictEqual(tree);
  expect(second.summary).toStrictEqual(first.summary);
  expect(Object.keys(tree).filter((file) => file.startsWith("dumps/"))).toStrictEqual([
    "dumps/sample-archive-dump-2021-03-18_0000.sql.tar.gz",
    "dumps/sample-archive-dump-2021-03-19_0000.sql.tar.gz",
    "dumps/sample-archive-dump-2021-03-20_0000.sql.tar.gz",
  ]);
  const others = Object.keys(tree).filter((file) => !/^(dumps|blocks)\//.test(file));
  expect(others).toStrictEqual(["forklift.yaml", "genesis-ledger.json", "network.yaml"]);
});

test("another seed gives another chain from its first block on", async () => {
  await using first = await openSample();
  await using second = await openSample({ ...SMALL, seed: 2 });
  expect(second.summary.genesisStateHash).not.toBe(first.summary.genesisStateHash);
  const blocksOf = async (folder: string) => await readdir(path.join(folder, "blocks"));
  const shared = new Set(await blocksOf(first.folder));
  expect((await blocksOf(second.folder)).filter((name) => shared.has(name))).toStrictEqual([]);
});

test("the default sample shows every feature, most of them often", {
  tags: ["only-in-all"],
}, async () => {
  await using sample = await openSample(SAMPLE_DEFAULTS);
  const { features, tip } = sample.summary;
  expect(tip.height).toBe(400n);
  const rare = Object.entries(features).filter(([, count]) => count < 10);
  expect(rare).toStrictEqual([]);
});

test("a sample of 60 blocks shows every feature", async () => {
  for (const seed of [1, 7, 2 ** 40]) {
    await using sample = await openSample({ ...SMALL, seed });
    const missing = Object.entries(sample.summary.features).filter(([, count]) => count === 0);
    expect(missing, `seed ${seed}`).toStrictEqual([]);
  }
});

test.each([
  { blocks: 2, days: 1, commandsPerBlock: 0 },
  { blocks: 40, days: 39, accounts: 30, finality: 3 },
  { blocks: 800, days: 1, accounts: 30, commandsPerBlock: 1 },
])("the smallest and the most crowded sample can be made: %j", async (options) => {
  await using sample = await openSample({ ...SMALL, ...options });
  expect(sample.summary.tip.height).toBe(BigInt(options.blocks));
  expect(sample.summary.dumps).toHaveLength(options.days);
});

test("a signal ends the making, and leaves nothing that looks like a sample", {
  tags: ["only-in-all"],
}, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-sample-"));
  try {
    const args = ["sample", "--out", folder, "--blocks", "5000", "--days", "1"];
    const ran = await runForklift(args, { terminateAt: /making the sample/ });
    expect(ran.exit, ran.stderr).toBe(75);
    expect(ran.stderr).toMatch(/stopped by a signal after \d+ of 5000 blocks/);
    expect(await readdir(folder)).toStrictEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe("a sample is refused", () => {
  test.each([
    [{ blocks: 1 }, "--blocks is 1, expected 2 to 1000000"],
    [{ finality: 2 }, "--finality is 2, expected 3 to 1000000"],
    [{ commandsPerBlock: 0.5 }, "--commands-per-block is 0.5, expected 0 to 100"],
    [{ blocks: 10, days: 10 }, "--days is 10 for 10 blocks, expected fewer than blocks"],
  ])("with %j", async (options, message) => {
    const making = makeSample({ ...SMALL, ...options }, "/nowhere");
    await expect(making).rejects.toThrow(UsageError);
    await expect(making).rejects.toThrow(message);
  });

  test("by a folder that holds something, which stays as it is", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-sample-"));
    try {
      await writeFile(path.join(folder, "mine.txt"), "mine");
      await expect(makeSample(SMALL, folder)).rejects.toThrow(ConfigError);
      expect(await readdir(folder)).toStrictEqual(["mine.txt"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
