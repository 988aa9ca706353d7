// The whole product on real mainnet data: prime on the first night's dump,
// three dailies, the final run; then the same chain migrated at once, which must give the same rows.
// @module-tag only-in-all

import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { StageReport } from "@forklift/pipeline";
import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import { decodeManifest } from "@forklift/sets";
import {
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetDump,
  mainnetUrl,
  openRestoredDump,
  openTestDatabase,
  openTestSession,
  serverUrl,
  sharedPath,
  standIn,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobOutcome } from "../src/run/run-job.ts";
import { expectSameRowsFromEach } from "./rest-from-checkpoints.ts";

/** The tip of the last night, which has nothing above it. */
const TIP = ["--fork-state-hash", MAINNET.tip, "--min-confirmations", "0"];

const { run, runJson } = inProcess(forklift);

interface Verification {
  readonly ok: boolean;
  readonly checks: readonly { readonly id: string; readonly ok: boolean }[];
  readonly digests: Readonly<Record<string, string>>;
}

describe.skipIf(isMainnetDataMissing())("on real mainnet data", () => {
  let home: string;
  let config: string;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-mainnet-"));
    config = path.join(home, "forklift.yaml");
    await mkdir(path.join(home, "dumps"));
    await writeFile(
      config,
      [
        "network: mainnet",
        `genesisLedger: ${mainnetUrl(MAINNET.genesisLedger)}`,
        "source: { dumps: ./dumps/ }",
        "target: { store: ./store/ }",
        `blocks: [${mainnetUrl(MAINNET.blocks)}]`,
        `postgres: { url: "${serverUrl()}" }`,
        "replay: { checkpointIntervalBlocks: 300 }",
      ].join("\n"),
    );
  });

  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  standIn(() => home);

  const job = async (...args: string[]) => await runJson<JobOutcome>([...args, "--config", config]);

  const receiveDump = async (stamp: string) => {
    const name = mainnetDump(stamp);
    await copyFile(sharedPath(`data/mainnet/dumps/${name}`), path.join(home, "dumps", name));
  };

  const manifest = async (name: string | null) => {
    return decodeManifest(await readFile(path.join(home, "store", name!), "utf8"), name!);
  };

  const storeListing = async () => (await readdir(path.join(home, "store"))).sort();

  test("prime migrates, proves and publishes the history up to the canonical tip", async () => {
    await receiveDump(MAINNET.dumps[0]);
    const outcome = await job("prime");
    expect(outcome).toMatchObject({ published: true, height: 738 });
    const set = await manifest(outcome.set);
    expect(set.files.map(({ role }) => role).sort()).toEqual([
      "checkpoint",
      "checkpoint-meta",
      "dump",
      "report",
    ]);
    expect(set.rowCounts["accounts_accessed"]).toBe(4116);
    expect(set.anchor).toMatchObject({ height: 738, vouchedBy: "source" });
  });

  test("a second prime is refused, and changes nothing", async () => {
    const before = await storeListing();
    const { exit, stderr } = await run(["prime", "--config", config]);
    expect(exit).toBe(78);
    expect(stderr).toContain("already holds the set");
    expect(stderr).toContain("forklift daily");
    expect(await storeListing()).toEqual(before);
  });

  test("a daily without a new dump is a success that says why it published nothing", async () => {
    const before = await storeListing();
    const outcome = await job("daily");
    expect(outcome.published).toBe(false);
    const [looked, ...others] = outcome.stages;
    expect(looked).toMatchObject({ stage: "look-for-news" });
    expect(looked!.skipped).toMatch(
      /^mainnet-set-738-\S+ was made from .*, and there is no newer dump$/,
    );
    expect(others).toEqual([]);
    expect(await storeListing()).toEqual(before);
  });

  test.each([
    [MAINNET.dumps[1], 1072],
    [MAINNET.dumps[2], 1393],
    [MAINNET.dumps[3], 1735],
  ])("daily on the dump of %s brings the set to height %i", async (stamp, height) => {
    await receiveDump(stamp);
    const outcome = await job("daily");
    expect(outcome).toMatchObject({ published: true, height });
    expect((await manifest(outcome.set)).source.name).toBe(mainnetDump(stamp));
  });

  test("a dry run of final proves everything, publishes nothing and leaves its report", async () => {
    const before = await storeListing();
    const target = urlWithDatabase(serverUrl(), "forklift_of_the_operator");
    const outcome = await job(
      ...["final", "--dry-run", "--fork-state-hash", MAINNET.tip],
      ...["--set", `target.database=${target}`],
    );
    expect(outcome).toMatchObject({ height: MAINNET.tipHeight, stateHash: MAINNET.tip, set: null });
    expect(outcome.report).toMatch(/mainnet-dry-run-report-2025-/);
    // It works on databases of its own, wherever the next run is to go on.
    expect(await databaseExists(target)).toBe(false);
    expect(await storeListing()).toEqual(before);
  });

  test("final ends in the block that was named, with the known counts", async () => {
    const outcome = await job("final", ...TIP);
    expect(outcome).toMatchObject({ published: true, height: MAINNET.tipHeight });
    const set = await manifest(outcome.set);
    expect(set).toMatchObject({
      final: true,
      stateHash: MAINNET.tip,
      preForkLedgerHash: MAINNET.tipLedgerHash,
      rowCounts: {
        accounts_accessed: MAINNET.accountsAccessed,
        accounts_created: MAINNET.accountsCreated,
        account_identifiers: MAINNET.accounts,
        blocks: MAINNET.tipHeight,
      },
    });
  });

  test("a second final publishes nothing and says why", async () => {
    const before = await storeListing();
    const outcome = await job("final", ...TIP);
    expect(outcome.published).toBe(false);
    expect(await storeListing()).toEqual(before);
  });

  test("migrating at once gives the same rows as prime, three dailies and final", async () => {
    const store = path.join(home, "store");
    const finalSet = await manifest(
      (await readdir(store)).find((name) => name.startsWith("mainnet-set-2025-")) ?? null,
    );
    await using source = await openRestoredDump(MAINNET.dumps[3]);
    await using target = await openTestDatabase();
    const shared = [
      ["--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)],
      ["--target-db", target.url],
    ].flat();
    const sourceAndBlocks = ["--source-db", source.url, "--blocks", mainnetUrl(MAINNET.blocks)];
    const stop = ["--fork-state-hash", MAINNET.tip];
    const { stages } = await runJson<{ stages: readonly StageReport[] }>([
      ...["migrate", "--network", "mainnet", ...stop],
      ...shared,
      ...sourceAndBlocks,
    ]);
    // Of the dump's 3,902 blocks those beside the chain, pending ones among them, and all balances.
    const left = stages.find(({ stage }) => stage === "preflight")?.leftBehind ?? {};
    expect(left).toEqual({
      orphanedBlocks: expect.any(Number),
      pendingBlocks: expect.any(Number),
      canonicalBlocksAbove: 0,
      balances: expect.any(Number),
    });
    expect(left["orphanedBlocks"]! + left["pendingBlocks"]!).toBe(3902 - 2025);
    expect(left["balances"]).toBeGreaterThan(2025);
    const checkpoints = pathToFileURL(`${home}/checkpoints/`).href;
    const every100 = ["--checkpoints", checkpoints, "--checkpoint-interval", "100"];
    const replayed = await runJson<{ stages: readonly StageReport[] }>([
      ...["replay", "--source-db", source.url],
      ...[...shared, ...every100],
    ]);
    // Every balance that the old archive recorded on the chain, every nonce of a fee payer.
    expect(replayed.stages[0]?.details).toMatchObject({
      ledgerHashesCompared: 2024,
      ledgerHashExceptionsUsed: 0,
      balancesCompared: 10_105,
      noncesCompared: 3_109,
      swappedBalances: 0,
      wrongNonces: 0,
    });
    const heights = await expectSameRowsFromEach(checkpoints, target);
    expect(heights.length).toBeGreaterThanOrEqual(20);
    expect(heights.at(-1)).toBe(BigInt(MAINNET.tipHeight));
    // In steps or at once: the same checkpoint, to the byte.
    const { name } = finalSet.files.find(({ role }) => role === "checkpoint")!;
    const [ofJob, atOnce] = [path.join(store, name), path.join(home, "checkpoints", name)];
    expect((await readFile(ofJob)).equals(await readFile(atOnce))).toBe(true);

    const report = await runJson<Verification>(["verify", ...shared, ...sourceAndBlocks]);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.digests).toEqual(finalSet.digests);
    expect(Object.keys(report.digests).length).toBeGreaterThan(15);
  });

  test("the scheduler runs daily by its cron expression until a signal ends it", async () => {
    const { exit, stderr } = await run(
      ["schedule", "--config", config, "--set", "schedule.cron=* * * * * *"],
      { stopAt: /nothing new/ },
    );
    expect(exit).toBe(0);
    expect(stderr).toContain("next daily run");
    expect(stderr).toContain("height 2025 was verified and published as");
  });

  test("every database of a run is gone", async () => {
    await using database = await openTestDatabase();
    await using session = await openTestSession(database);
    // Their comments name the store that they are for.
    const left = await session.query(
      `select datname from pg_database where starts_with(datname, 'forklift_run_')
       and position($1 in shobj_description(oid, 'pg_database')) > 0`,
      [path.join(home, "store")],
    );
    expect(left).toEqual([]);
  });
});
