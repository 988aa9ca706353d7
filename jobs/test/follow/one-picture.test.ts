// A cycle of follow sees the source as it stood when the cycle began, whatever becomes canonical meanwhile.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openContext } from "@forklift/context";
import { KeptTail } from "@forklift/replayer";
import { openTestDatabase } from "@forklift/testkit";
import { expect, test } from "vitest";
import { followConfigOf } from "../../src/context/follow-config.ts";
import { openFollowed } from "../../src/context/follow-context.ts";
import { runCycle } from "../../src/run/follow/run-cycle.ts";
import { openLivingSource } from "./living-source.ts";
import { followedConfig, quietEnvironment, WIDE_LIMITS } from "./quiet-follow.ts";

test("what becomes canonical within a cycle is left to the next, and told as its lag", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-one-picture-"));
  await using source = await openLivingSource();
  await using target = await openTestDatabase();
  await source.live(8);
  const { folder } = source.network;
  const places = { folder, home, sourceUrl: source.database.url, targetUrl: target.url };
  const config = followedConfig(places);
  let lived: Promise<void> | undefined;
  const environment = {
    ...quietEnvironment(),
    onStageStarted: () => {
      lived ??= source.live(11);
    },
  };
  await using opened = openContext(environment);
  const followed = await openFollowed(opened, followConfigOf(config), environment);
  await using tail = new KeptTail();
  const options = { limits: WIDE_LIMITS, tail, publish: async () => await lived };
  const first = await runCycle(followed, { ...options, last: null }, environment);
  expect(first).toMatchObject({ height: 8, lagBlocks: 3 });
  const second = await runCycle(followed, { ...options, last: first }, environment);
  expect(second).toMatchObject({ height: 11, lagBlocks: 0 });
  const third = await runCycle(followed, { ...options, last: second }, environment);
  expect(third).toMatchObject({ height: 11, lagBlocks: 0, stages: [] });
  expect(third.source!.rows).toBeLessThan(first.source!.rows);
  await rm(home, { recursive: true, force: true });
});
