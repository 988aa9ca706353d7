// A job that ends between two steps of its publication: the same command, run again, completes it.
// @module-tag only-in-all

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { latestName, readLatest, readReplacement } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import { inProcess, NETWORK, namesIn, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

const env = { FORKLIFT_POSTGRES_URL: serverUrl() };

let home: string;
let config: string;
let store: Store;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-interrupted-"));
  config = path.join(home, "network/forklift.yaml");
  await runJson([
    ...["sample", "--out", path.join(home, "network"), "--blocks", "30", "--finality", "5"],
  ]);
  store = openStore(`${home}/network/store/`);
});

afterAll(() => rm(home, { recursive: true }));

/** Stops it when the manifest was read back and nothing points at it yet. */
async function interrupt(...job: string[]): Promise<void> {
  const args = [...job, "--config", config];
  const { exit, stderr } = await run(args, { env, stopAt: /finish-publication/ });
  expect(exit, stderr).toBe(75);
}

const again = (...job: string[]) => runJson<JobOutcome>([...job, "--config", config], { env });

const setNames = async () =>
  (await namesIn(store)).filter((name) => !name.startsWith(`${NETWORK}-runs/`));

test("a prime moves the pointer and makes nothing anew; then the store is a primed one", async () => {
  await interrupt("prime");
  expect(await readLatest(store, NETWORK)).toBeNull();
  const { set, published, height, stages } = await again("prime");
  expect({ published, height }).toEqual({ published: true, height: 25 });
  expect(stages.map(({ stage }) => stage)).toEqual(["finish-publication"]);
  expect(await readLatest(store, NETWORK)).toMatchObject({ set });
  expect(await setNames()).toHaveLength(6);
  await expectRefusal(["prime", "--config", config], {
    ...{ exit: 78, says: [`already holds the set ${set}`], next: "forklift daily", env },
  });
});

test("an idle day moves a pointer that was left behind", async () => {
  const set = (await readLatest(store, NETWORK))!.set;
  await store.remove(latestName(NETWORK));
  // And removes what a killed upload has left.
  const partial = `.${NETWORK}-report-2020-01-01_0000.json.01234567-89ab-cdef-0123-456789abcdef.partial`;
  await writeFile(path.join(home, "network/store", partial), "half");
  expect(await again("daily")).toMatchObject({ published: false, set });
  expect(await readLatest(store, NETWORK)).toMatchObject({ set });
  expect(await readdir(path.join(home, "network/store"))).not.toContain(partial);
});

test("a prime that replaces removes what it has replaced, and replaces once", async () => {
  const before = await setNames();
  await interrupt("prime", "--replace");
  expect(await readReplacement(store, NETWORK)).not.toBeNull();
  expect(await setNames()).toEqual(expect.arrayContaining(before));
  const { published, stages } = await again("prime", "--replace");
  expect({ published, stages: stages.length }).toEqual({ published: true, stages: 1 });
  expect(await setNames()).toHaveLength(6);
  expect(await setNames()).not.toEqual(before);
  // The next one has something to replace again.
  const third = await again("prime", "--replace");
  expect(third.stages.length).toBeGreaterThan(5);
  expect(await setNames()).toHaveLength(6);
});

test("a final over a daily's set leaves one set, marked final, and one dump", async () => {
  const [stop] = (await setNames())
    .map((name) => /-set-(\d+)-3N\w+\.json$/.exec(name)?.[1])
    .filter((height) => height !== undefined);
  await interrupt("final", "--stop-at-height", stop!);
  // Another job comes first.
  await again("daily");
  expect(await readLatest(store, NETWORK)).toMatchObject({ final: true });
  const dumps = (await setNames()).filter((name) => name.includes("-migrated-archive-dump-"));
  expect(dumps).toHaveLength(1);
  expect(await readReplacement(store, NETWORK)).toBeNull();
  expect(await again("final", "--stop-at-height", stop!)).toMatchObject({ published: false });
});
