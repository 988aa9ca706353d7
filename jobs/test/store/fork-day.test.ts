// The day of the fork on a sample network: a plan, a rehearsal and the final run itself, on the live archive over a
// configuration of dumps, and the last block asked before anything is copied.
// @module-tag only-in-all

import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import {
  databaseContents,
  inProcess,
  openTestDatabase,
  serverUrl,
  standIn,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobPlan } from "../../src/run/plan-job.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";
import type { Status } from "../../src/run/status.ts";

const { runJson, expectRefusal } = inProcess(forklift);

const BLOCKS = 30;

let home: string;
let live: TestDatabase;
let tip: string;
let dumps: readonly string[];
let primed: JobOutcome;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const argsOf = (...args: string[]) => [...args, "--config", path.join(home, "forklift.yaml")];
const run = <Document>(...args: string[]) => runJson<Document>(argsOf(...args), ranWith());
const onLive = (...args: string[]) => ["final", "--source-db", live.url, ...args];
const stored = async () => (await readdir(path.join(home, "store"), { recursive: true })).sort();
const sets = async () => (await stored()).filter((name) => name.startsWith("sample-set-"));

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-fork-day-"));
  live = await openTestDatabase();
  const sizes = { blocks: BLOCKS, days: 2, seed: 5, finality: 4, accounts: 30 };
  const made = await makeSample({ ...sizes, commandsPerBlock: 2 }, home);
  dumps = made.dumps;
  tip = made.tip.stateHash;
  const last = path.join(home, "dumps", dumps[1]!);
  await runJson(["restore", "--dump", last, "--db", live.url]);
  await rename(last, path.join(home, dumps[1]!));
  primed = await run<JobOutcome>("prime");
});

afterAll(async () => {
  await live?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

// A dry run leaves its files in the folder that it is started in.
standIn(() => home);

test("the plan says where it ends and by which checks it is refused, and leaves no trace", async () => {
  const before = await stored();
  const plan = await run<JobPlan>(...onLive("--plan", "--fork-state-hash", tip));
  expect(plan).toMatchObject({
    ...{ job: "final", network: "sample", window: null, refusedBy: ["confirmations"] },
    set: { name: primed.set, height: primed.height },
    blocks: BLOCKS - primed.height,
    candidate: { stateHash: tip, height: BLOCKS, namedBy: [], minConfirmations: 20 },
  });
  expect(plan.source).toMatch(/^postgres:\/\//);
  expect(await stored()).toEqual(before);
});

test("a tip is refused before anything is copied", async () => {
  const before = await databaseContents(live.url);
  const says = [
    new RegExp(
      `^${tip} at height ${BLOCKS} may not be published as the last block before the fork: `,
    ),
    "confirmations: found 0, expected at least 20; nothing was copied",
  ];
  const next = "--min-confirmations, of which 0 takes a tip";
  const refused = argsOf(...onLive("--fork-state-hash", tip));
  await expectRefusal(refused, { exit: 78, says, next }, ranWith());
  expect(await sets()).toEqual([primed.set]);
  expect(await databaseContents(live.url)).toEqual(before);
  const { unfinished } = await run<Status>("status");
  expect(unfinished.filter(({ input }) => input?.["store"]?.includes(home))).toEqual([]);
});

test("a rehearsal on the live archive is told the same, and says how long the window is", async () => {
  const outcome = await run<JobOutcome>(...onLive("--dry-run", "--fork-state-hash", tip));
  expect(outcome).toMatchObject({ height: BLOCKS, set: null });
  const confirmations = outcome.candidate!.checks.find(({ id }) => id === "confirmations");
  expect(confirmations).toMatchObject({ found: "0", expected: "at least 20", ok: false });
  const { rehearsals } = await run<Status>("status");
  expect(rehearsals.runs).toHaveLength(1);
  const { window } = await run<JobPlan>(...onLive("--plan", "--fork-state-hash", tip));
  expect(window).toMatchObject({ isOfThisMachine: true, hasPublishing: true });
  expect(window!.stages.map(({ stage }) => stage)).toEqual([
    ...rehearsals.stages.map(({ stage }) => stage),
    ...["publish-set", "finish-publication"],
  ]);
});

test("dumps are taken over a configuration of a live archive, and are asked when they are restored", async () => {
  const file = path.join(home, "live.yaml");
  const config = {
    ...{ network: "./network.yaml", genesisLedger: "./genesis-ledger.json" },
    ...{ source: { database: live.url }, target: { store: "./store/" }, blocks: ["./blocks/"] },
  };
  await writeFile(file, JSON.stringify(config));
  const args = ["final", "--plan", "--config", file, "--fork-state-hash", tip];
  const folder = path.join(home, "dumps");
  const plan = await runJson<JobPlan>([...args, "--source-dumps", folder], ranWith());
  expect(plan).toMatchObject({ source: dumps[0], candidate: null, blocks: null });
  const both = [...args, "--source-dumps", folder, "--source-db", live.url];
  await expectRefusal(both, { exit: 64, says: ["cannot be used with"], next: "--help" });
  const wrong = [...args, "--source-db", "postgres://forklift:secret@host"];
  await expectRefusal(wrong, { exit: 78, says: ["--source-db: "], next: "correct --source-db" });
});

test("the final run ends in it where 0 are asked for and its slot is right", async () => {
  const plan = await run<JobPlan>(...onLive("--plan", "--fork-state-hash", tip));
  const slot = plan.candidate!.globalSlotSinceGenesis!;
  const taken = onLive("--fork-state-hash", tip, "--min-confirmations", "0", "--fork-slot");
  const says = [`slot: found ${slot}, expected ${slot + 1} (--fork-slot)`];
  const wrong = argsOf(...taken, `${slot + 1}`);
  await expectRefusal(wrong, { exit: 78, says, next: "check the hash" }, ranWith());
  const outcome = await run<JobOutcome>(...taken, `${slot}`);
  expect(outcome).toMatchObject({ published: true, height: BLOCKS, stateHash: tip });
});
