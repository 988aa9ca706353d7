// Fork day on a living archive: the plan of a cutover, the cutover, and its two scripts, run by psql on the one
// server of both databases, there and back.
// @module-tag only-in-all

import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, startServer, urlWithDatabase } from "@forklift/postgres";
import {
  contentsOf,
  inProcess,
  isToolMissing,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  standIn,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { runPsql } from "../../packages/archive/test/switch/two-archives.ts";
import { forklift } from "../src/commands/index.ts";
import type { CutoverOutcome, CutoverPlan } from "../src/run/cutover.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

const SAMPLE = {
  ...{ seed: 11, blocks: 25, days: 1, finality: 5, accounts: 30, commandsPerBlock: 2 },
} as const;

let home: string;
let config: string;
let source: TestDatabase;
let target: TestDatabase;
/** Of the source's pending tail. */
let tip: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-cutover-"));
  config = await configOfLiving((await sampleNetwork(SAMPLE)).folder);
  source = await openSampleSource(SAMPLE);
  target = await openTestDatabase();
  await using session = await openTestSession(source);
  const [row] = await session.query<{ state_hash: string }>(
    "select state_hash from blocks order by height desc limit 1",
  );
  tip = row!.state_hash;
  await mkdir(path.join(home, "store"));
  await mkdir(path.join(home, "empty"));
  await runJson(argsOf("prime"));
});

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

// Where the scripts go.
standIn(() => home);

/** That of the sample, but for its dumps. */
async function configOfLiving(sample: string): Promise<string> {
  const network = path.join(home, "network");
  await cp(sample, network, { recursive: true });
  const file = path.join(network, "forklift.yaml");
  const { source: _dumps, ...config } = parse(await readFile(file, "utf8")) as Record<
    string,
    unknown
  >;
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  return file;
}

function argsOf(job: string, store = "store", into: Pick<TestDatabase, "url"> = target) {
  return [
    ...[job, "--config", config, "--set", `source.database=${source.url}`],
    ...["--set", `target.database=${into.url}`, "--set", `target.store=${home}/${store}/`],
    ...["--set", `work.dir=${home}/work`],
    // The sample's chain ends in the block, and nobody has named it.
    ...["--set", "final.minConfirmations=0"],
  ];
}

const page = await readFile(path.join(import.meta.dirname, "../../docs/cutover.md"), "utf8");

/** As docs/cutover.md has it: the first is the plan. */
const [planned, done] = [...page.matchAll(/^npx forklift (cutover .*)$/gm)].map(([, one]) => one!);

function ofPage(command: string): string[] {
  const words = command.replace('"$LAST_PRE_FORK_BLOCK"', tip).split(" ");
  expect(words.slice(-2)).toEqual(["--config", "forklift.yaml"]);
  return [...words.slice(0, -2), ...argsOf("cutover").slice(1)];
}

const script = (name: string) => readFile(path.join(home, "cutover", name), "utf8");

async function tableNames({ url }: Pick<TestDatabase, "url">): Promise<readonly string[]> {
  await using session = await connect(url, { applicationName: "forklift test" });
  const rows = await session.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  );
  return rows.map(({ name }) => name);
}

const isMigrated = async (database: Pick<TestDatabase, "url">) =>
  (await tableNames(database)).includes("accounts_accessed");

test("without --yes it prints its plan, as data, too, and does nothing", async () => {
  const before = [await contentsOf(source), await contentsOf(target), await readdir(home)];
  const { plan, done } = await runJson<{ plan: CutoverPlan; done: boolean }>(ofPage(planned!));
  expect(done).toBe(false);
  expect(plan).toMatchObject({
    end: { stateHash: tip },
    exchange: { isOneServer: true },
    newestSet: expect.stringMatching(/^sample-set-/),
    out: expect.stringMatching(/\/cutover$/),
  });
  expect(plan).toMatchObject({ refusedBy: [], candidate: { stateHash: tip } });
  const demanding = [...ofPage(planned!), "--min-confirmations", "3"];
  const { plan: refused } = await runJson<{ plan: CutoverPlan }>(demanding);
  expect(refused.refusedBy).toEqual(["confirmations"]);
  expect(plan.targetTip!.height).toBeLessThan(plan.end.height);
  expect(plan.byHand.join("\n")).toMatch(/psql -v ON_ERROR_STOP=1 -f switch\.sql '.*\/postgres/);
  const { exit, stdout } = await run(ofPage(planned!));
  expect(exit).toBe(0);
  expect(stdout).toContain(`which ends in ${tip} at height ${plan.end.height}`);
  expect(stdout).toMatch(/WARNING: the preset of sample names no last pre-fork block/);
  expect(stdout).toMatch(/nothing was done\n$/);
  expect([await contentsOf(source), await contentsOf(target), await readdir(home)]).toEqual(before);
});

test("on two servers it says what to point where, and has no scripts", async () => {
  await using server = await startServer({ binaries: "auto" });
  const elsewhere = { url: urlWithDatabase(server.url, "migrated") };
  {
    await using session = await connect(server.url, { applicationName: "forklift test" });
    await session.query("create database migrated");
  }
  const args = [...argsOf("cutover", "store", elsewhere), "--fork-state-hash", tip];
  const { plan } = await runJson<{ plan: CutoverPlan }>(args);
  expect(plan.exchange).toMatchObject({ isOneServer: false, maintenanceUrl: null });
  expect(plan.byHand.join("\n")).toMatch(/point .* every reader at .*\/migrated/);
  expect(plan.byHand.join("\n")).not.toContain(".sql");
});

test("without two databases of one's own it is refused, and says what to set", async () => {
  await expectRefusal(["cutover", "--config", config, "--set", `source.database=${source.url}`], {
    exit: 78,
    says: ["names no target.database"],
    next: /set target\.database .*forklift final/,
  });
});

describe.skipIf(isToolMissing("psql"))("with --yes", { timeout: 120_000 }, () => {
  let outcome: CutoverOutcome;

  test("the final set is published, and the scripts lie beside the hand-over", async () => {
    const before = await contentsOf(source);
    outcome = await runJson<CutoverOutcome>(ofPage(done!));
    expect(outcome.final).toMatchObject({ job: "final", stateHash: tip, published: true });
    expect((await readdir(path.join(home, "cutover"))).sort()).toEqual([
      ...["hand-over.json", "hand-over.txt", "switch-back.sql", "switch.sql"],
    ]);
    expect(await contentsOf(source)).toEqual(before);
    const old = `${source.name}_before_fork_`;
    const text = await script("hand-over.txt");
    expect(text).toMatch(new RegExp(`source: { database: ".*/${old}\\d{8}`));
    expect(text).toMatch(new RegExp(`target: { database: ".*/${source.name}`));
    const json = JSON.parse(await script("hand-over.json")) as { exchange: { steps: string[] } };
    for (const step of json.exchange.steps) expect(text).toContain(step);
  });

  test("again, it writes the same files, and migrates nothing", async () => {
    const before = [await script("switch.sql"), await script("switch-back.sql")];
    const again = await runJson<CutoverOutcome>(ofPage(done!));
    expect(again.final).toMatchObject({ published: false, set: outcome.final.set });
    expect([await script("switch.sql"), await script("switch-back.sql")]).toEqual(before);
  });

  test("psql runs switch.sql under connected clients, and switch-back.sql", async () => {
    await using reader = await openTestSession(source);
    expect(await runPsql(await script("switch.sql"))).toEqual({ exit: 0, stderr: "" });
    await expect(reader.query("select 1")).rejects.toThrow();
    expect(await isMigrated(source)).toBe(true);
    await expect(openTestSession(target)).rejects.toThrow(/does not exist/);

    expect(await runPsql(await script("switch-back.sql"))).toEqual({ exit: 0, stderr: "" });
    expect(await isMigrated(source)).toBe(false);
    expect(await isMigrated(target)).toBe(true);
  });

  test("a target that was followed and never published goes on to its end", async () => {
    await using followed = await openTestDatabase(target);
    {
      await using session = await openTestSession(followed);
      await session.query("delete from forklift.progress_mark where stage = 'verify-target'");
    }
    const args = [...argsOf("cutover", "empty", followed), "--fork-state-hash", tip, "--yes"];
    const { final } = await runJson<CutoverOutcome>([...args, "--out", `${home}/followed`]);
    expect(final).toMatchObject({ stateHash: tip, published: true });
    expect(final.stages.find(({ stage }) => stage === "restore-target")!.skipped).toMatch(
      /the store holds no set, and the target stands at height \d+; it is continued/,
    );
  });

  test.each([
    ["zkapp_field", "insert into zkapp_field (field) values ('1')"],
    ["blocks", "update blocks set timestamp = timestamp where height = 1"],
  ])("once the new chain has written to %s, switch-back.sql keeps it", async (_table, sql) => {
    expect(await runPsql(await script("switch.sql"))).toMatchObject({ exit: 0 });
    {
      await using writer = await openTestSession(source);
      await writer.query(sql);
    }
    const { exit, stderr } = await runPsql(await script("switch-back.sql"));
    expect(exit).toBe(3);
    expect(stderr).toContain("keep it, and what the new chain has written there");
    expect(await isMigrated(source)).toBe(true);
    await putBack();
  });
});

/** Both databases by their names again, for the next test and for the end. */
async function putBack(): Promise<void> {
  await using session = await connect(urlWithDatabase(source.url, "postgres"), {
    applicationName: "forklift test",
  });
  const [old] = await session.query<{ name: string }>(
    "select datname::text as name from pg_database where starts_with(datname, $1)",
    [`${source.name}_before_fork_`],
  );
  await session.query(`alter database ${source.name} rename to ${target.name}`);
  await session.query(`alter database ${old!.name} rename to ${source.name}`);
  await using written = await openTestSession(target);
  await written.query("delete from zkapp_field");
}
