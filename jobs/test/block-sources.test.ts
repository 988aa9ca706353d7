// Which place gave what: under the table of stages, in the document, and in that of a failure.

import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SourceStatistics } from "@forklift/precomputed";
import { makeSample } from "@forklift/sample";
import {
  forkliftJson,
  openTestDatabase,
  runForklift,
  serverUrl,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JobOutcome } from "../src/run-job.ts";

let home: string;
let source: TestDatabase;
/** The second dump, which is not there before the job that is to find it. */
let late: string;
/** A place without any block, asked first. */
let empty: string;
let primed: JobOutcome;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const jobOf = (...job: string[]) => [
  ...[...job, "--config", path.join(home, "forklift.yaml")],
  ...["--set", `blocks=${empty},${path.join(home, "blocks")}`],
];
const migration = (target: TestDatabase, ...blocks: string[]) => [
  ...["migrate", "--source-db", source.url, "--target-db", target.url],
  ...["--blocks", blocks.join(","), "--genesis-ledger", path.join(home, "genesis-ledger.json")],
  ...["--network", path.join(home, "network.yaml")],
];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-block-sources-"));
  empty = path.join(home, "empty");
  const sizes = { blocks: 25, days: 2, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 2 };
  const { dumps } = await makeSample(sizes, home);
  await mkdir(empty);
  late = dumps[1]!;
  source = await openTestDatabase();
  const dump = path.join(home, "dumps", dumps[0]!);
  await forkliftJson(["restore", "--dump", dump, "--db", source.url]);
  await rename(path.join(home, "dumps", late), path.join(home, late));
  primed = await forkliftJson<JobOutcome>(jobOf("prime"), ranWith());
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const TITLES =
  /^precomputed blocks from +found +missing +wrong +truncated +unavailable +unusable +retries +size +time$/m;

test("of a migration stands under its stages, and is the document's", async () => {
  await using target = await openTestDatabase();
  const { stdout } = await runForklift(migration(target, empty, path.join(home, "blocks")));
  const [stages, places, ...more] = stdout.trimEnd().split("\n\n");
  expect(stages).toMatch(/^stage +rows/);
  expect(places).toMatch(TITLES);
  const blocks = primed.height;
  expect(places).toMatch(new RegExp(`^file://${empty} +0 +${blocks} +0 +0 +0 +0 `, "m"));
  expect(places).toMatch(new RegExp(`^file://${home}/blocks/? +${blocks} +0 +0 `, "m"));
  expect(more).toEqual([]);
});

test("of a migration that fails is a part of its refusal", async () => {
  await using target = await openTestDatabase();
  const { exit, stdout } = await runForklift([...migration(target, empty), "--json"]);
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

test("of a job, whose verification asks for the blocks once more, is a part of its document", () => {
  const blocks = 2 * primed.height;
  expect(primed.blockSources).toMatchObject([
    { url: `file://${empty}`, found: 0, missing: blocks },
    { url: `file://${path.join(home, "blocks")}`, found: blocks, missing: 0, wrong: 0 },
  ]);
});

test("of a job that fails is in its document and in the evidence; then the next one tells", async () => {
  await rename(path.join(home, late), path.join(home, "dumps", late));
  const [blocks, away] = [path.join(home, "blocks"), path.join(home, "away")];
  await rename(blocks, away);
  await mkdir(blocks);
  const failed = await runForklift([...jobOf("daily"), "--json"], ranWith());
  expect(failed.exit, failed.stderr).toBe(65);
  const { blockSources } = JSON.parse(failed.stdout) as JobOutcome;
  expect(blockSources.map(({ found }) => found)).toEqual([0, 0]);
  const runs = path.join(home, "store/sample-runs");
  const evidence = (await readdir(runs)).find((name) => name.endsWith(".evidence.json"))!;
  const { errors } = JSON.parse(await readFile(path.join(runs, evidence), "utf8")) as {
    readonly errors: readonly { readonly details: Pick<JobOutcome, "blockSources"> }[];
  };
  expect(errors[0]!.details.blockSources).toEqual(blockSources);

  await rm(blocks, { recursive: true });
  await rename(away, blocks);
  const { stdout } = await runForklift(jobOf("daily"), ranWith());
  const [stages, places, result] = stdout.trimEnd().split("\n\n");
  expect(stages).toMatch(/^stage +rows/);
  expect(places).toMatch(TITLES);
  expect(result).toMatch(/^daily: published sample-set-/);
});
