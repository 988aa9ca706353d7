// Prime, daily and final of a network that has no archive: the sets of its block files are those of its dumps.
// @module-tag only-in-all

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseBlockFileName } from "@forklift/chain";
import { makeSample, type SampleSummary } from "@forklift/sample";
import type { Manifest } from "@forklift/sets";
import { inProcess, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobPlan } from "../src/run/plan-job.ts";
import type { JobOutcome } from "../src/run/run-job.ts";

const { runJson, expectRefusal } = inProcess(forklift);

const BLOCKS = 36;
const FINALITY = 4;

/** Files above come in the second night. */
const FIRST_NIGHT = 24;

let home: string;
let sample: SampleSummary;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-jobs-from-blocks-"));
  const sizes = { blocks: BLOCKS, days: 1, seed: 8, finality: FINALITY, accounts: 30 };
  sample = await makeSample({ ...sizes, commandsPerBlock: 2 }, home);
  await mkdir(path.join(home, "later"));
  await moveBlocks("blocks", "later", (height) => height > BigInt(FIRST_NIGHT));
  await writeConfig("forklift.yaml", { source: { blocks: true }, target: { store: "./store/" } });
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function moveBlocks(from: string, to: string, isMoved: (height: bigint) => boolean) {
  for (const name of await readdir(path.join(home, from))) {
    if (!isMoved(parseBlockFileName(name)!.height)) continue;
    await rename(path.join(home, from, name), path.join(home, to, name));
  }
}

async function writeConfig(name: string, changes: object): Promise<void> {
  const content = {
    network: "./network.yaml",
    genesisLedger: "./genesis-ledger.json",
    blocks: ["./blocks/"],
    work: { dir: path.join(home, "work") },
    ...changes,
  };
  // JSON is YAML.
  await writeFile(path.join(home, name), JSON.stringify(content));
}

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const configured = (args: readonly string[], config = "forklift.yaml") => [
  ...[...args, "--config", path.join(home, config)],
];
const runJob = (args: readonly string[], config?: string) =>
  runJson<JobOutcome>(configured(args, config), ranWith());

async function manifestOf(store: string, { set }: JobOutcome): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(home, store, set!), "utf8"));
}

test("a prime ends where enough blocks stand above, and says that nobody vouches for them", async () => {
  const plan = await runJson<JobPlan>(configured(["prime", "--plan"]), ranWith());
  const height = FIRST_NIGHT - FINALITY;
  const url = pathToFileURL(path.join(home, "blocks/")).href;
  expect(plan).toMatchObject({ end: { height }, source: `block files of ${url}` });
  expect(plan.stages.map(({ stage }) => stage)).not.toContain("restore-source");

  const outcome = await runJob(["prime"]);
  expect(outcome).toMatchObject({ height, published: true });
  expect(outcome.verified).toMatchObject({
    answer: "yes, except",
    notProven: expect.arrayContaining([
      expect.objectContaining({
        claim: `that the network agreed on the blocks at heights 2 to ${height}`,
      }),
    ]),
  });
  const manifest = await manifestOf("store", outcome);
  expect(manifest.anchor).toMatchObject({ height: 1, vouchedBy: "preset" });
  expect(manifest.source).toMatchObject({ name: plan.source, tip: { height } });
});

test("a night without a new block is told by the names of files", async () => {
  const { stages, published } = await runJob(["daily"]);
  expect(published).toBe(false);
  expect(stages).toMatchObject([
    { stage: "look-for-news", skipped: expect.stringMatching(/ends/) },
  ]);
});

test("a daily goes on, and comes to the set that the dump gives", async () => {
  await moveBlocks("later", "blocks", () => true);
  const { stateHash } = sample.tip;
  const trusted = ["--set", `trustedStateHash=${(await manifestAtDump()).stateHash}`];
  const outcome = await runJob(["daily", ...trusted]);
  expect(outcome).toMatchObject({ height: BLOCKS - FINALITY, published: true });
  const manifest = await manifestOf("store", outcome);
  const byDump = await manifestAtDump();
  expect(manifest.stateHash).toBe(byDump.stateHash);
  expect(manifest.digests).toEqual(byDump.digests);
  expect(manifest.anchor).toMatchObject({ stateHash: byDump.stateHash, vouchedBy: "operator" });
  expect(stateHash).not.toBe(byDump.stateHash);
});

let byDump: Manifest | undefined;

async function manifestAtDump(): Promise<Manifest> {
  if (byDump !== undefined) return byDump;
  const changes = { source: { dumps: "./dumps/" }, target: { store: "./by-dump/" } };
  await writeConfig("by-dump.yaml", changes);
  byDump = await manifestOf("by-dump", await runJob(["prime"], "by-dump.yaml"));
  return byDump;
}

test("a final asks its last block by the files above it", async () => {
  const { stateHash } = await manifestAtDump();
  const plan = await runJson<JobPlan>(
    configured(["final", "--plan", "--fork-state-hash", stateHash]),
    ranWith(),
  );
  expect(plan.candidate).toMatchObject({ stateHash, height: BLOCKS - FINALITY });
  const checks = Object.fromEntries(plan.candidate!.checks.map(({ id, found }) => [id, found]));
  expect(checks).toMatchObject({ "best-chain": "on the best chain", confirmations: `${FINALITY}` });
  expect(plan.refusedBy).toContain("confirmations");
  const tip = ["--fork-state-hash", sample.tip.stateHash, "--min-confirmations", "0"];
  const outcome = await runJob(["final", ...tip]);
  expect(outcome).toMatchObject({ height: BLOCKS, stateHash: sample.tip.stateHash });
  const { final, files } = await manifestOf("store", outcome);
  expect(final).toBe(true);
  const handOver = files.find(({ name }) => name.endsWith(".json") && name.includes("hand-over"));
  const told = JSON.parse(await readFile(path.join(home, "store", handOver!.name), "utf8"));
  expect(told.leftBehind).toBeNull();
  expect(told.byHand).toContainEqual(expect.stringMatching(/^keep the block files/));
});

test("an end that no file has, an archive beside, and a follow without a target are refused", async () => {
  const unknown = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";
  await expectRefusal(
    configured(["final", "--fork-state-hash", unknown]),
    { exit: 64, says: [`has block ${unknown}`], next: "--stop-at-height" },
    ranWith(),
  );
  await writeConfig("two.yaml", {
    source: { blocks: true, dumps: "./dumps/" },
    target: { store: "./store/" },
  });
  await expectRefusal(configured(["prime"], "two.yaml"), {
    exit: 78,
    says: ["give one of dumps"],
    next: "two.yaml",
  });
  await expectRefusal(configured(["follow"]), {
    exit: 78,
    says: ["no target that follows the source"],
    next: "target.database",
  });
});

test.each([
  ["heal: true", { heal: true }],
  ["history: all", { history: "all" }],
])("%s needs an archive", async (asked, more) => {
  const alone = { source: { blocks: true }, target: { store: "./store/" } };
  await writeConfig("alone.yaml", { ...alone, ...more });
  for (const planned of [[], ["--plan"]]) {
    await expectRefusal(
      configured(["daily", ...planned], "alone.yaml"),
      { exit: 78, says: [`${asked} and source.blocks exclude each other`], next: "source.dumps" },
      ranWith(),
    );
  }
});
