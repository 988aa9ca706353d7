// Which source gave what in a job: in its document, in that of a failure, and under the table of
// stages.

import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import { inProcess, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobOutcome } from "../src/run/run-job.ts";

const { run, runJson } = inProcess(forklift);

let home: string;
/** The second dump, which is not there before the job that is to find it. */
let late: string;
/** A source without any block, tried first. */
let empty: string;
let primed: JobOutcome;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const jobOf = (...job: string[]) => [
  ...[...job, "--config", path.join(home, "forklift.yaml")],
  ...["--set", `blocks=${empty},${path.join(home, "blocks")}`],
];
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-block-sources-"));
  empty = path.join(home, "empty");
  const sizes = { blocks: 25, days: 2, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 2 };
  const { dumps } = await makeSample(sizes, home);
  await mkdir(empty);
  late = dumps[1]!;
  await rename(path.join(home, "dumps", late), path.join(home, late));
  primed = await runJson<JobOutcome>(jobOf("prime"), ranWith());
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

const TITLES =
  /^precomputed blocks from +found +missing +wrong +truncated +unavailable +unusable +retries +size +time$/m;

test("of a job, whose verification asks for the blocks once more, is a part of its document", () => {
  const blocks = 2 * primed.height;
  expect(primed.blockSources).toMatchObject([
    { url: `file://${empty}`, found: 0, missing: blocks },
    { url: `file://${path.join(home, "blocks")}`, found: blocks, missing: 0, wrong: 0 },
  ]);
});

test("of a job that fails is in its document and in the evidence; then the next one tells", {
  tags: ["only-in-all"],
}, async () => {
  await rename(path.join(home, late), path.join(home, "dumps", late));
  const [blocks, away] = [path.join(home, "blocks"), path.join(home, "away")];
  await rename(blocks, away);
  await mkdir(blocks);
  const failed = await run([...jobOf("daily"), "--json"], ranWith());
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
  const { stdout } = await run(jobOf("daily"), ranWith());
  const [stages, places, result] = stdout.trimEnd().split("\n\n");
  expect(stages).toMatch(/^stage +rows/);
  expect(places).toMatch(TITLES);
  expect(result).toMatch(/^daily: published sample-set-/);
});
