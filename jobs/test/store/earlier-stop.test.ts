// A final run that ends below the newest set goes on from an older one.
// @module-tag only-in-all

import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import { inProcess, serverUrl, standIn } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";

const { run: runCommand, runJson } = inProcess(forklift);

let home: string;
let older: JobOutcome;
let newer: JobOutcome;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const argsOf = (...job: string[]) => [...job, "--config", path.join(home, "forklift.yaml")];

async function run(...job: string[]): Promise<JobOutcome> {
  return await runJson<JobOutcome>(argsOf(...job), ranWith());
}

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-earlier-"));
  const sizes = { blocks: 30, days: 2, seed: 5, finality: 4, accounts: 30, commandsPerBlock: 2 };
  const { dumps } = await makeSample(sizes, home);
  const [dump, waiting] = [path.join(home, "dumps", dumps[1]!), path.join(home, dumps[1]!)];
  await rename(dump, waiting);
  older = await run("prime");
  await rename(waiting, dump);
  newer = await run("daily");
});

afterAll(() => rm(home, { recursive: true, force: true }));

// A dry run leaves its files in the folder that it is started in.
standIn(() => home);

test("by height or by block, the newest set that does not stand above is restored", async () => {
  const height = newer.height - 2;
  const stop = ["--stop-at-height", `${height}`];
  expect(await run("final", "--dry-run", ...stop)).toMatchObject({ height, set: null });
  const { stateHash } = older;
  const atSet = await run("final", "--dry-run", "--fork-state-hash", stateHash);
  expect(atSet).toMatchObject({ height: older.height, stateHash });
});

test("what it publishes is found again, though a higher set stands beside it", async () => {
  const stop = ["--stop-at-height", `${newer.height - 1}`];
  const first = await run("final", ...stop);
  expect(first).toMatchObject({ published: true, height: newer.height - 1 });
  expect(await run("final", ...stop)).toMatchObject({ published: false, set: first.set });
});

test("a stop point below every set is refused with the lowest of them", async () => {
  const args = argsOf("final", "--dry-run", "--stop-at-height", "3");
  const { exit, stderr } = await runCommand(args, ranWith());
  expect(exit).toBe(78);
  expect(stderr).toContain("stands above height 3, where this run is to end");
  expect(stderr).toContain(`the lowest is ${older.set}`);
  expect(stderr).toContain("forklift unwind --to-height 3");
});
