// What is a set and what is not, and that nobody publishes one unverified; and the list of the old cron
// jobs' defects, each with its test.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError } from "@forklift/pipeline";
import { openStore } from "@forklift/storage";
import { manifestOf, NETWORK, one, writeSet } from "@forklift/testkit";
import { expect, test } from "vitest";
import { dumpName, migratedDumpPrefix, sourceDumpPrefix } from "../src/dump-name.ts";
import { planPrune } from "../src/prune.ts";
import { publishedSets } from "../src/published-sets.ts";

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

test("a set of a later forklift stops the jobs of this one, and no file beside it goes", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-sets-"));
  const store = openStore(`${folder}/`);
  const older = await writeSet(store, { height: 10 });
  await store.write(`${NETWORK}-checkpoint-99.json`, one(Buffer.from("whose?")));
  const sets = publishedSets(store, NETWORK, () => undefined);
  for (const change of [
    { version: 3, files: "elsewhere" },
    { stars: 5 },
    { history: "of every fork" },
  ]) {
    const { name, manifest } = manifestOf({ height: 20 }, older.manifest.files);
    await store.write(name, one(Buffer.from(JSON.stringify({ ...manifest, ...change }))));
    const error = await sets.newest().catch((it: unknown) => it);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining(`${name} was written by a later`),
    );
    const rules = { last: 1 };
    const asked = { store, network: NETWORK, rules, withLeftovers: true, date: new Date() };
    expect((await planPrune(asked)).remove).toEqual([]);
    await store.remove(name);
  }
  await rm(folder, { recursive: true });
});

test("each defect of the old cron jobs has a test that is there", async () => {
  const page = await readFile(path.join(ROOT, "docs/sets.md"), "utf8");
  const rows = [...page.matchAll(/^\| .+ \| .+ \| `([^`]+)`: (.+) \|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(8);
  for (const [, file, name] of rows) {
    expect(await readFile(path.join(ROOT, file!), "utf8"), file).toContain(name);
  }
});
