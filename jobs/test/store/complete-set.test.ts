// A set with blocks beside its chain: what it says of them is compared, no run that keeps less restores anything, and
// one that requires all of them tries those again that an earlier run has left out.
// @module-tag only-in-all

import { copyFile, cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseJson } from "@forklift/chain";
import { connect } from "@forklift/postgres";
import { makeSample } from "@forklift/sample";
import { type Manifest, manifestSchema } from "@forklift/sets";
import {
  inProcess,
  openSampleSource,
  openTestDatabase,
  serverUrl,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobPlan } from "../../src/run/plan-job.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";
import type { ReportDocument } from "../../src/stages/verification-report.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

type Written = Extract<Manifest, { version: 2 }>;

let home: string;
let source: TestDatabase;
let left: string;
let outcome: JobOutcome;

const configured = (...args: string[]) => [
  ...[...args, "--config", path.join(home, "forklift.yaml")],
  ...["--set", `work.dir=${path.join(home, "work")}`],
];
const complete = (...args: string[]) => configured(...args, "--history", "complete");
const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const verifySet = (url: string, ...more: string[]) => [
  ...["verify", "--set", url, "--postgres", serverUrl(), ...more],
  ...["--network", path.join(home, "network.yaml")],
  ...["--genesis-ledger", path.join(home, "genesis-ledger.json")],
];
const inStore = (name: string) => path.join(home, "store", name);
const manifestAt = async (file: string) =>
  manifestSchema.parse(parseJson(await readFile(file, "utf8"))) as Written;
const publishedManifest = () => manifestAt(inStore(outcome.set!));

const SIZES = { blocks: 30, days: 1, seed: 5, finality: 4, accounts: 30, commandsPerBlock: 2 };

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-complete-"));
  await makeSample(SIZES, home);
  source = await openSampleSource(SIZES);
  left = await highestOrphan();
  await rename(path.join(home, "blocks", left), path.join(home, left));
  outcome = await runJson<JobOutcome>(complete("prime"), ranWith());
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** The file of a block beside the chain that no other stands on. */
async function highestOrphan(): Promise<string> {
  await using session = await connect(source.url, { applicationName: "forklift test" });
  const [row] = await session.query<{ file: string }>(
    `select 'sample-' || height || '-' || state_hash || '.json' as file from blocks
     where chain_status = 'orphaned' order by height desc, id desc limit 1`,
  );
  return row!.file;
}

/** A copy of the store, whose manifest says something else. */
async function restated(change: (manifest: Written) => object): Promise<string> {
  const folder = await mkdtemp(path.join(home, "restated-"));
  await cp(path.join(home, "store"), folder, { recursive: true });
  const manifest = await publishedManifest();
  const file = path.join(folder, outcome.set!);
  await writeFile(file, JSON.stringify({ ...manifest, ...change(manifest) }));
  return file;
}

test("a set is told to be right once, when its manifest says what its rows say", async () => {
  const right = await runJson<ReportDocument>(verifySet(inStore(outcome.set!)));
  expect(right).toMatchObject({ ok: true, anchor: { vouchedBy: "manifest" } });
  const { beside } = await publishedManifest();
  expect(beside!.orphaned).toBeGreaterThan(0);
  const more = { ...beside!, orphaned: beside!.orphaned + 1 };
  const wrong: readonly [change: (manifest: Written) => object, says: string][] = [
    [({ rowCounts }) => ({ rowCounts: { ...rowCounts, blocks: 7 } }), "the row count of blocks is"],
    [
      () => ({ beside: more }),
      `that are orphaned is ${beside!.orphaned}, it says ${more.orphaned}`,
    ],
    [() => ({ beside: undefined }), `that are orphaned is ${beside!.orphaned}, it says none`],
  ];
  for (const [change, says] of wrong) {
    const refusal = {
      exit: 65,
      says: ["does not describe its dump", says],
      next: "ask its publisher",
    } as const;
    const { stdout } = await expectRefusal(
      [...verifySet(await restated(change)), "--json"],
      refusal,
    );
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { exit: 65 } });
  }
});

test("of a set the source vouches where there is one", async () => {
  const args = verifySet(inStore(outcome.set!), "--source-db", source.url);
  const { stdout, stderr } = await run([...args, "--json"]);
  expect(JSON.parse(stdout), stderr).toMatchObject({ anchor: { vouchedBy: "source" } });
});

test("what would be ignored is refused", async () => {
  for (const [option, value, next] of [
    ["--history", "canonical", "leave --history out"],
    ["--pause", "5", "leave --pause out"],
    ["--statement-timeout", "5", "leave --statement-timeout out"],
  ] as const) {
    const args = verifySet(inStore(outcome.set!), option, value);
    await expectRefusal(args, { exit: 64, says: [option], next });
  }
});

test("a newer set that is not whole is passed over with a warning", async () => {
  const folder = path.dirname(await restated(() => ({})));
  const torn = outcome.set!.replace(/-set-[0-9]+-/, "-set-999-");
  await writeFile(path.join(folder, torn), "{}");
  const { exit, stderr } = await run(verifySet(folder));
  expect(exit, stderr).toBe(0);
  expect(stderr).toContain(`passed over set ${torn}: `);
});

test("a run that keeps less is refused before anything is restored, and so is its plan", async () => {
  const refusal = {
    exit: 78,
    says: [outcome.set!, "orphaned blocks beside the chain"],
    next: "--history complete",
  } as const;
  const ends = [
    ["--stop-at-height", `${outcome.height}`],
    ["--fork-state-hash", outcome.stateHash],
  ];
  for (const args of [["daily"], ...ends.map((end) => ["final", ...end])]) {
    const { log } = await expectRefusal(configured(...args), refusal, ranWith());
    expect(log).not.toContain("restore-source");
    await expectRefusal(configured(...args, "--plan"), refusal, ranWith());
  }
});

test("blocks that were left out are tried again by a run that requires all", async () => {
  expect((await publishedManifest()).beside).toMatchObject({ missing: 1 });
  const daily = complete("daily");
  expect(await runJson(daily, ranWith())).toMatchObject({ published: false });
  const required = [...daily, "--require-orphans"];
  const plan = await runJson<JobPlan>([...required, "--plan"], ranWith());
  expect(plan.nothingNew).toBeNull();
  await expectRefusal(required, { exit: 65, says: [/beside the chain/], next: /./ }, ranWith());
  await copyFile(path.join(home, left), path.join(home, "blocks", left));
  expect(await runJson(required, ranWith())).toMatchObject({ published: true, set: outcome.set });
  expect((await publishedManifest()).beside).toMatchObject({ missing: 0 });
  expect(await runJson(required, ranWith())).toMatchObject({ published: false });
});

test("a target that was changed is not taken for one that has gone on beside its chain", async () => {
  await using target = await openTestDatabase();
  const kept = (...args: string[]) => [
    ...complete(...args),
    ...["--set", `target.database=${target.url}`],
    ...["--set", `target.store=${path.join(home, "store-of-kept")}`],
  ];
  await runJson<JobOutcome>(kept("prime"), ranWith());
  const change = async (sql: string) => {
    await using session = await connect(target.url, { applicationName: "forklift test" });
    await session.query(sql);
  };
  await change("update accounts_accessed set nonce = nonce + 1 where block_id = 3");
  await expectRefusal(
    kept("daily"),
    {
      exit: 78,
      says: ["stands at the height of set", "digest of accounts_accessed"],
      next: "give an empty target database",
    },
    ranWith(),
  );
});
