// Folders of dead runs are removed by the next one, those of living ones are left, in every container.

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { processStart } from "@forklift/system";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorkDirectory } from "../src/work-directory.ts";

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "forklift-test-"));
});
afterEach(() => rm(parent, { recursive: true }));

/** What is there besides the folder of a run that sweeps. */
async function leftOf(...names: readonly string[]): Promise<string[]> {
  for (const name of names) await mkdir(path.join(parent, name), { recursive: true });
  await using own = await openWorkDirectory(parent);
  const found = await readdir(parent);
  return found.filter((name) => name !== path.basename(own.path));
}

async function ownName() {
  await using own = await openWorkDirectory(parent);
  const [namespace, pid, began] = path.basename(own.path).slice("forklift-work-".length).split("-");
  const nameOf = (change: {
    readonly namespace?: string;
    readonly pid?: number;
    readonly began?: string;
  }) =>
    `forklift-work-${[change.namespace ?? namespace, change.pid ?? pid, change.began ?? began, "abc123"].join("-")}`;
  return nameOf;
}

test("the folder goes with its run", async () => {
  expect(await leftOf()).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
});

test("a folder stays while its process lives, also where its number is counted elsewhere", async () => {
  const nameOf = await ownName();
  const living = [
    nameOf({}),
    nameOf({ pid: process.ppid, began: processStart(process.ppid)! }),
    nameOf({ namespace: "1", pid: 1 }),
  ];
  expect((await leftOf(...living)).sort()).toEqual(living.sort());
});

test("a folder of a process that has ended goes, though its number is ours now", async () => {
  const nameOf = await ownName();
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(await leftOf(nameOf({ pid }), nameOf({ began: "1" }))).toEqual([]);
});

test("a folder that nobody has touched for long goes, wherever its process was", async () => {
  const silent = (await ownName())({ namespace: "1", pid: 1 });
  await mkdir(path.join(parent, silent));
  const before = new Date(Date.now() - 16 * 60_000);
  await utimes(path.join(parent, silent), before, before);
  expect(await leftOf()).toEqual([]);
});

test("a folder of another name is nobody's business", async () => {
  expect(await leftOf("forklift-work-of-mine")).toEqual(["forklift-work-of-mine"]);
});
