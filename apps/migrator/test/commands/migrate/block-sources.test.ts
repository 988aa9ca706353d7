// Which source gave what: under the table of stages, in the document, and in that of a failure.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SourceStatistics } from "@forklift/precomputed";
import {
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run } = inProcess(migrator);

const SIZES = { blocks: 25, days: 2, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 2 };

let network: string;
let source: TestDatabase;
/** A source without any block, tried first. */
let empty: string;

const migration = (target: TestDatabase, ...blocks: string[]) => [
  ...["migrate", "--source-db", source.url, "--target-db", target.url],
  ...["--blocks", blocks.join(","), "--genesis-ledger", path.join(network, "genesis-ledger.json")],
  ...["--network", path.join(network, "network.yaml")],
];

beforeAll(async () => {
  network = (await sampleNetwork(SIZES)).folder;
  empty = await mkdtemp(path.join(tmpdir(), "forklift-block-sources-"));
  source = await openSampleSource(SIZES);
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  await rm(empty, { recursive: true, force: true });
});

const TITLES =
  /^precomputed blocks from +found +missing +wrong +truncated +unavailable +unusable +retries +size +time$/m;

test("of a migration stands under its stages, and is the document's", async () => {
  await using target = await openTestDatabase();
  const { stdout } = await run(migration(target, empty, path.join(network, "blocks")));
  const [stages, places, ...more] = stdout.trimEnd().split("\n\n");
  expect(stages).toMatch(/^stage +rows/);
  expect(places).toMatch(TITLES);
  const blocks = await heightOf(target);
  expect(places).toMatch(new RegExp(`^file://${empty} +0 +${blocks} +0 +0 +0 +0 `, "m"));
  expect(places).toMatch(new RegExp(`^file://${network}/blocks/? +${blocks} +0 +0 `, "m"));
  expect(more).toEqual([]);
});

test("of a migration that fails is a part of its refusal", async () => {
  await using target = await openTestDatabase();
  const { exit, stdout } = await run([...migration(target, empty), "--json"]);
  expect(exit).toBe(65);
  const { ok, error, blockSources } = JSON.parse(stdout) as {
    readonly ok: boolean;
    readonly error: { readonly name: string; readonly hint: string };
    readonly blockSources: readonly SourceStatistics[];
  };
  expect({ ok, error }).toMatchObject({ ok: false, error: { name: "SourceDataError" } });
  expect(error.hint).toMatch(/^get sample-\d+-3N\w+\.json from another archive operator/);
  expect(blockSources).toMatchObject([{ url: `file://${empty}`, found: 0 }]);
  expect(blockSources[0]!.missing).toBeGreaterThan(0);
});

/** As many blocks as its height, genesis among them. */
async function heightOf(target: TestDatabase): Promise<string> {
  await using session = await openTestSession(target);
  const [row] = await session.query<{ height: string }>("select max(height) as height from blocks");
  return row!.height;
}
