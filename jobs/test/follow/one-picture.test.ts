// A cycle of follow sees the source as it stood when the cycle began, whatever becomes canonical meanwhile.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openContext } from "@forklift/context";
import { KeptTail } from "@forklift/replayer";
import { openTestDatabase } from "@forklift/testkit";
import pino from "pino";
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/schema.ts";
import { followConfigOf } from "../../src/context/follow-config.ts";
import { openFollowed } from "../../src/context/follow-context.ts";
import { runCycle } from "../../src/run/follow/run-cycle.ts";
import { openLivingSource } from "./living-source.ts";

test("what becomes canonical within a cycle is left to the next, and told as its lag", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-one-picture-"));
  await using source = await openLivingSource();
  await using target = await openTestDatabase();
  await source.live(8);
  const { folder } = source.network;
  const config = configSchema.parse({
    network: path.join(folder, "network.yaml"),
    genesisLedger: path.join(folder, "genesis-ledger.json"),
    source: { database: source.database.url },
    target: { store: path.join(home, "store"), database: target.url },
    blocks: [path.join(folder, "blocks")],
    work: { dir: path.join(home, "work") },
  });
  let lived: Promise<void> | undefined;
  const environment = {
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
    now: () => performance.now(),
    date: () => new Date(),
    progressLine: null,
    onStageStarted: () => {
      lived ??= source.live(11);
    },
  };
  await using opened = openContext(environment);
  const followed = await openFollowed(opened, followConfigOf(config), environment);
  await using tail = new KeptTail();
  const limits = { blocksMax: 25, pauseMs: 0, statementTimeoutMs: 600_000 };
  const publish = async () => await lived;
  const first = await runCycle(followed, { limits, last: null, tail, publish }, environment);
  expect(first).toMatchObject({ height: 8, lagBlocks: 3 });
  const second = await runCycle(followed, { limits, last: first, tail, publish }, environment);
  expect(second).toMatchObject({ height: 11, lagBlocks: 0 });
  const third = await runCycle(followed, { limits, last: second, tail, publish }, environment);
  expect(third).toMatchObject({ height: 11, lagBlocks: 0, stages: [] });
  expect(third.source.rows).toBeLessThan(first.source.rows);
  await rm(home, { recursive: true, force: true });
});
