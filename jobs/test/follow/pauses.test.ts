// Every stage of a cycle leaves the source alone between two of its reads: the copy, the replay, which compares
// recorded balances, and the verification.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openContext, runInTarget } from "@forklift/context";
import { sharedSnapshot } from "@forklift/postgres";
import { openSampleSource, openTestDatabase, sampleNetwork } from "@forklift/testkit";
import { expect, test } from "vitest";
import { followConfigOf } from "../../src/context/follow-config.ts";
import { openFollowContext, openFollowed } from "../../src/context/follow-context.ts";
import { cycle } from "../../src/run/recipes/follow.ts";
import { followedConfig, quietEnvironment, WIDE_LIMITS } from "./quiet-follow.ts";

/** More blocks than the replay reads at once. */
const SIZES = {
  ...{ blocks: 230, days: 1, seed: 7, finality: 4, accounts: 30, commandsPerBlock: 1 },
};

test("copy, replay and verification pause between their reads of the source, and not without a read", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-pauses-"));
  const { folder } = await sampleNetwork(SIZES);
  await using source = await openSampleSource(SIZES);
  await using target = await openTestDatabase();
  const places = { folder, home, sourceUrl: source.url, targetUrl: target.url };
  const config = followedConfig(places);
  let stage = "";
  const environment = {
    ...quietEnvironment(),
    onStageStarted: (started: { readonly stage: string }) => {
      stage = started.stage;
    },
  };
  await using opened = openContext(environment);
  const followed = await openFollowed(opened, followConfigOf(config), environment);
  const context = await openFollowContext(opened, followed, {
    limits: WIDE_LIMITS,
    ...environment,
  });
  /** The statements that the source had been sent at each pause, by stage. */
  const pauses: Record<string, number[]> = {};
  const pause = async () => {
    const sent = context.source!.traffic.statements + context.checks!.traffic.statements;
    pauses[stage] = [...(pauses[stage] ?? []), sent];
  };
  const load = { ...context.load!, pause, blocks: 25 };
  await sharedSnapshot([context.source!, context.checks!], () =>
    runInTarget(
      cycle({ history: context.history, isFromBlocks: false }),
      { ...context, load, pauseSource: pause },
      environment,
    ),
  );
  const counts = Object.fromEntries(Object.entries(pauses).map(([id, at]) => [id, at.length]));
  expect(Object.keys(counts)).toEqual(["copy-blocks", "replay-commands", "verify-target"]);
  // 225 blocks above genesis, 25 a read of the copy, 100 of the replay.
  expect(counts["copy-blocks"]).toBe(8);
  expect(counts["replay-commands"]).toBe(2);
  expect(counts["verify-target"]).toBeGreaterThan(1);
  for (const sent of Object.values(pauses)) {
    expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
  }
  await rm(home, { recursive: true, force: true });
});
