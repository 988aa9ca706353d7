// What is a set and what is not, and that nobody publishes one unverified; and the list of the old cron
// jobs' defects, each with its test.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore } from "@forklift/storage";
import { expect, test } from "vitest";
import { daily } from "../../src/recipes/daily.ts";
import { final } from "../../src/recipes/final.ts";
import { prime } from "../../src/recipes/prime.ts";
import { dumpName, migratedDumpPrefix, sourceDumpPrefix } from "../../src/sets/dump-name.ts";
import { publishedSets } from "../../src/sets/published-sets.ts";
import { publishSet } from "../../src/stages/publish-set.ts";
import { verifyTarget } from "../../src/stages/verify-target.ts";
import { NETWORK, one, writeSet } from "./written-sets.ts";

const ROOT = path.join(import.meta.dirname, "../../..");

test("dumps without a manifest are no set, however they are called", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-sets-"));
  const store = openStore(`${folder}/`);
  for (const prefix of [sourceDumpPrefix(NETWORK), migratedDumpPrefix(NETWORK)]) {
    await store.write(dumpName(prefix, 28_000_000), one(Buffer.from("a dump")));
  }
  const told: string[] = [];
  const sets = publishedSets(store, NETWORK, (fault) => told.push(fault));
  expect(await sets.newest()).toBeNull();
  expect(told).toEqual([]);
  const set = await writeSet(store, { height: 10 });
  expect(await sets.newest()).toEqual(set);
  await rm(folder, { recursive: true });
});

test.each(Object.entries({ prime, daily, final }))(
  "every recipe verifies before it publishes: %s",
  (_name, recipe) => {
    const ids = recipe.map(({ id }) => id);
    expect(ids.indexOf(verifyTarget.id)).toBeGreaterThan(0);
    expect(ids.indexOf(verifyTarget.id)).toBeLessThan(ids.indexOf(publishSet.id));
    expect(ids.at(-1)).toBe(publishSet.id);
  },
);

test("each defect of the old cron jobs has a test that is there", async () => {
  const page = await readFile(path.join(ROOT, "docs/sets.md"), "utf8");
  const rows = [...page.matchAll(/^\| .+ \| .+ \| `([^`]+)`: (.+) \|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(8);
  for (const [, file, name] of rows) {
    expect(await readFile(path.join(ROOT, file!), "utf8"), file).toContain(name);
  }
});
