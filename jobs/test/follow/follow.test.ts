// `follow` on a source that lives: the target stands where the source stands, cycle after cycle, and what it
// holds in the end is what a migration at once would have made.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inProcess, openTestDatabase, openTestSession, type TestDatabase } from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { FollowSummary } from "../../src/run/follow/follow.ts";
import { type LivingSource, migrateOptions, openLivingSource, rowsOf } from "./living-source.ts";

const { run, runJson } = inProcess(forklift);

let home: string;
let source: LivingSource;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-follow-"));
  source = await openLivingSource();
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const digestsOf = async (target: TestDatabase) => {
  await using session = await openTestSession(target);
  return await digestTables(session);
};

const heightOf = async (target: TestDatabase) => {
  const marks = await rowsOf<{ height: string }>(
    target,
    "select cursor ->> 'height' as height from forklift.progress_mark where stage = 'verify-target'",
  ).catch(() => []);
  return Number(marks[0]?.height ?? 0);
};

const databases = (target: TestDatabase) => [
  ...["--source-db", source.database.url, "--target-db", target.url],
];

test("migrate --follow in steps comes to the rows of a migration at once", async () => {
  await using target = await openTestDatabase();
  await using atOnce = await openTestDatabase();
  await source.live(8);
  const follow = ["migrate", "--follow", "--interval", "1", "--pause", "1", "--json"];
  const following = run([...follow, ...migrateOptions(source.network), ...databases(target)], {
    stopAt: new RegExp(`"height":${source.end},.*gained nothing`),
  });
  await expect.poll(() => heightOf(target), { timeout: 20_000 }).toBe(8);
  await source.live(9);
  await expect.poll(() => heightOf(target), { timeout: 20_000 }).toBe(9);
  await source.live(source.end);
  const { exit, stdout, stderr } = await following;
  expect(exit, stderr).toBe(0);
  const { last, waits } = JSON.parse(stdout) as FollowSummary;
  expect(waits).toBe(0);
  expect(last).toMatchObject({ height: source.end, lagBlocks: 0 });
  expect(last!.source.statements).toBeGreaterThan(0);

  await runJson(["migrate", ...migrateOptions(source.network), ...databases(atOnce)]);
  const checkpoints = path.join(home, "at-once");
  await runJson([
    ...["replay", "--target-db", atOnce.url, "--checkpoints", checkpoints],
    ...["--network", path.join(source.network.folder, "network.yaml")],
  ]);
  expect(await digestsOf(target)).toEqual(await digestsOf(atOnce));
});
