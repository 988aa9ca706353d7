// The plans of prime and daily: what would happen, by what was measured, in 80 columns, and without a trace. That of
// a final is looked at on the day of the fork.
// @module-tag only-in-all

import { mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { makeSample } from "@forklift/sample";
import { runHistory } from "@forklift/sets";
import { openStore } from "@forklift/storage";
import { inProcess, openTestDatabase, runRecord, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobPlan } from "../../src/run/plan-job.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

let home: string;
let dumps: readonly string[];
let tip: string;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const configured = (...args: string[]) => [
  ...[...args, "--config", path.join(home, "forklift.yaml")],
  ...["--set", `work.dir=${path.join(home, "work")}`],
];
const planOf = (...args: string[]) => runJson<JobPlan>(configured(...args, "--plan"), ranWith());
const stagesOf = ({ stages }: JobPlan) => stages.map(({ stage }) => stage);
const aboutOf = ({ stages }: JobPlan, id: string) => stages.find(({ stage }) => stage === id)!.ms;

/** Every file below the test's folder, with its size and the time of its last change. */
async function traces(): Promise<string[]> {
  const names = await readdir(home, { recursive: true });
  const told = names.sort().map(async (name) => {
    const { size, mtimeMs } = await stat(path.join(home, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return await Promise.all(told);
}

async function withoutTrace<Result>(plan: () => Promise<Result>): Promise<Result> {
  const before = await traces();
  const result = await plan();
  expect(await traces()).toEqual(before);
  return result;
}

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-plan-"));
  const sizes = { blocks: 30, days: 2, seed: 5, finality: 4, accounts: 30, commandsPerBlock: 2 };
  const made = await makeSample(sizes, home);
  dumps = made.dumps;
  tip = made.tip.stateHash;
  await rename(path.join(home, "dumps", dumps[1]!), path.join(home, dumps[1]!));
});

afterAll(() => rm(home, { recursive: true, force: true }));

test("a first prime: its dump, its stages without times, the room that it needs", async () => {
  const plan = await withoutTrace(() => planOf("prime"));
  expect(plan).toMatchObject({
    ...{ job: "prime", network: "sample", source: dumps[0], set: null, end: null, blocks: null },
    ...{ nothingNew: null, window: null, candidate: null, refusedBy: [] },
    work: { resumes: null, isRunning: false, others: [] },
    // The databases are on a server that is there.
    disk: { source: 0, target: 0 },
  });
  expect(plan.disk!.totalBytes).toBeGreaterThan(0);
  expect(stagesOf(plan)).toEqual([
    ...["require-new-store", "restore-source", "preflight", "create-schema", "copy-blocks"],
    ...["build-indexes", "write-genesis-accounts", "replay-commands", "compare-fork-genesis"],
    ...["verify-target", "publish-set", "finish-publication"],
  ]);
  expect(plan.stages.every(({ ms }) => ms === null)).toBe(true);
});

test("a prime that was interrupted is the one that the plan goes on with", async () => {
  const stopAt = /"stage":"replay-commands"/;
  const elsewhere = ["--set", `target.store=${path.join(home, "elsewhere")}`];
  const stopped = await run(configured("prime", ...elsewhere), { ...ranWith(), stopAt });
  expect(stopped.exit, stopped.stderr).toBe(75);
  const { work } = await withoutTrace(() => planOf("prime", ...elsewhere));
  expect(work.resumes).toMatchObject({ attempts: 1 });
  expect(work.folder).toBe(path.join(home, "work", "sample", work.run));
  const trusted = ["--trusted-state-hash", tip];
  const other = await withoutTrace(() => planOf("prime", ...elsewhere, ...trusted));
  expect(other.work).toMatchObject({
    resumes: null,
    others: [
      { run: work.run, changes: expect.arrayContaining([`trusted: ${tip} instead of none`]) },
    ],
  });
});

test("a store that holds a set is primed again with --replace alone", async () => {
  const outcome = await runJson<JobOutcome>(configured("prime"), ranWith());
  expect(outcome.published).toBe(true);
  const says = [`already holds the set ${outcome.set}`];
  await withoutTrace(() =>
    expectRefusal(configured("prime", "--plan"), { exit: 78, says, next: "--replace" }, ranWith()),
  );
  const plan = await withoutTrace(() => planOf("prime", "--replace"));
  expect(plan.window).toMatchObject({ isOfThisMachine: true, hasPublishing: true });
  expect(aboutOf(plan, "publish-set")).toBeGreaterThan(0);
});

test("a daily: nothing to do without news, and no wait for a dump of tonight", async () => {
  const waits = ["--set", "schedule.waitForDumpMinutes=60"];
  const plan = await withoutTrace(() => planOf("daily", ...waits));
  expect(plan.nothingNew).toContain(`was made from ${dumps[0]}, and there is no newer dump`);
  const { stdout } = await run(configured("daily", "--plan"), ranWith());
  expect(stdout).toContain("has nothing to do: ");
  await rename(path.join(home, dumps[1]!), path.join(home, "dumps", dumps[1]!));
  const next = await withoutTrace(() => planOf("daily", ...waits));
  expect(next).toMatchObject({ source: dumps[1], nothingNew: null, set: { name: plan.set!.name } });
  expect(stagesOf(next).slice(0, 3)).toEqual(["look-for-news", "restore-source", "restore-target"]);
});

test("of a live archive it knows the end, and takes the copy and the replay at measured rates", async () => {
  await using live = await openTestDatabase();
  const last = path.join(home, "dumps", dumps[1]!);
  await runJson(["restore", "--dump", last, "--db", live.url], ranWith());
  const file = path.join(home, "live.yaml");
  const config = {
    ...{ network: "./network.yaml", genesisLedger: "./genesis-ledger.json" },
    ...{ source: { database: live.url }, target: { store: "./store/" }, blocks: ["./blocks/"] },
    work: { dir: "./work" },
  };
  await writeFile(file, JSON.stringify(config));
  const rate = { perSecond: 2, unit: "blocks" };
  const copied = { stage: "copy-blocks", skipped: null, rowCount: 9, elapsedMs: 900, rate };
  const failed = { recipe: "prime", state: "failed", published: false } as const;
  const store = openStore(pathToFileURL(path.join(home, "store")).href);
  await runHistory(store, "sample", expect.unreachable).write(
    runRecord({ ...failed, stages: [copied] }),
  );
  const plan = await withoutTrace(() =>
    runJson<JobPlan>(["daily", "--plan", "--config", file], ranWith()),
  );
  expect(plan.blocks).toBe(plan.end!.height - plan.set!.height);
  expect(plan).toMatchObject({ disk: null, window: null });
  expect(aboutOf(plan, "copy-blocks")).toBe((plan.blocks! * 1000) / 2);
  // No run was long enough to have a rate of it.
  expect(aboutOf(plan, "replay-commands")).toBeNull();
  expect(aboutOf(plan, "verify-target")).toBeNull();
  const left = plan.stages.find(({ stage }) => stage === "restore-source");
  expect(left).toEqual({
    stage: "restore-source",
    leftOut: "the source is a live archive",
    ms: null,
  });
});

test("for people it fits 80 columns, but for names of databases, folders and sets", async () => {
  await runJson(configured("daily"), ranWith());
  const { stdout, exit } = await run(configured("prime", "--replace", "--plan"), ranWith());
  expect(exit).toBe(0);
  const long = stdout.split("\n").filter((line) => line.length > 80);
  expect(long.filter((line) => !/sample-|\/work\//.test(line))).toEqual([]);
  expect(stdout).toMatch(/^time +about [\d.]+s on this machine$/m);
  expect(stdout).toMatch(/^copy-blocks +[\d.]+s$/m);
  expect(stdout).toMatch(/^disk +at most about [\d.]+ \w+, [\d.]+ \w+ free$/m);
  expect(stdout).toContain("nothing was written; without --plan the same command\nruns");
});
