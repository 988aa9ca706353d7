// Every block of real archives, orphans and forks of forks included: night by night, at once, and those that
// cannot be migrated, by name.
// @module-tag only-in-all

import type { StageReport } from "@forklift/pipeline";
import {
  digestsOf,
  inProcess,
  isMainnetDataMissing,
  isRealArchiveMissing,
  MAINNET,
  mainnetUrl,
  openRestored,
  openRestoredDump,
  openTestDatabase,
  openTestSession,
  REAL_ARCHIVE,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../src/commands/index.ts";

const { runJson, expectRefusal } = inProcess(migrator);

interface Migrated {
  readonly stages: readonly StageReport[];
}

interface Planned {
  readonly plan: {
    readonly branchBlocks: { toCopy: number; toAdopt: number; leftOut: number };
    readonly rows: { table: string; rows: number; isEstimate: boolean }[];
    readonly precomputed: { missingCount: number | null };
  };
}

const migrate = (source: TestDatabase, target: TestDatabase, ...more: string[]) => [
  ...["migrate", "--network", "mainnet", "--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)],
  ...["--blocks", mainnetUrl(MAINNET.blocks)],
  ...["--source-db", source.url, "--target-db", target.url, "--history", "all", ...more],
];

async function blockCount(database: TestDatabase): Promise<number> {
  return await countOf(database, "blocks");
}

async function countOf(database: TestDatabase, table: string): Promise<number> {
  await using session = await openTestSession(database);
  const [row] = await session.query<{ count: string }>(`select count(*) as count from ${table}`);
  return Number(row!.count);
}

/** What a plan says of a table is what is written to it. */
async function expectPlanned(
  { plan: { rows } }: Planned,
  target: TestDatabase,
  run: () => Promise<unknown>,
): Promise<void> {
  const exact = rows.filter(({ isEstimate }) => !isEstimate);
  const counted = async () => {
    const counts: Record<string, number> = {};
    for (const { table } of exact) counts[table] = await countOf(target, table).catch(() => 0);
    return counts;
  };
  const before = await counted();
  await run();
  const after = await counted();
  const written = exact.map(({ table }) => [table, after[table]! - before[table]!]);
  expect(Object.fromEntries(written)).toEqual(
    Object.fromEntries(exact.map(({ table, rows: planned }) => [table, planned])),
  );
}

describe.skipIf(isMainnetDataMissing())("mainnet's nights", () => {
  let target: TestDatabase;

  beforeAll(async () => {
    target = await openTestDatabase();
  });

  afterAll(async () => {
    await target?.[Symbol.asyncDispose]();
  });

  test.each(MAINNET.dumps)("the night of %s is planned as it is written", async (stamp) => {
    await using source = await openRestoredDump(stamp);
    const planned = await runJson<Planned>([...migrate(source, target), "--plan"]);
    expect(planned.plan.precomputed.missingCount).toBe(0);
    expect(planned.plan.branchBlocks.leftOut).toBe(0);
    await expectPlanned(planned, target, () => runJson<Migrated>(migrate(source, target)));
    expect(await blockCount(target)).toBe(await blockCount(source));
  });

  test("up to the tip, 3,902 blocks, they hold what a migration at once does", async () => {
    await using source = await openRestoredDump(MAINNET.dumps.at(-1)!);
    const stop = ["--fork-state-hash", MAINNET.tip];
    await runJson(migrate(source, target, ...stop));
    await using other = await openTestDatabase();
    await runJson(migrate(source, other, ...stop));
    expect(await blockCount(target)).toBe(3902);
    expect(await digestsOf(target)).toEqual(await digestsOf(other));
  });
});

describe.skipIf(isRealArchiveMissing())("the archive of a real node", () => {
  const stop = ["--fork-state-hash", REAL_ARCHIVE.tip];

  test("is taken whole, all 1,063 blocks", async () => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    await using target = await openTestDatabase();
    const { stages } = await runJson<Migrated>(migrate(source, target, ...stop));
    const { details, leftOut } = stages.find(({ stage }) => stage === "copy-branches")!;
    expect(leftOut).toEqual([]);
    expect(details).toEqual({ copied: 1063 - REAL_ARCHIVE.tipHeight, leftOut: 0 });
    expect(await blockCount(source)).toBe(1063);
    expect(await blockCount(target)).toBe(1063);
  });

  test("without the coinbase of an orphan it is taken but for that one, which is named", async () => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    const orphan = await loseCoinbase(source);
    await using target = await openTestDatabase();
    const args = migrate(source, target, ...stop);
    const { stages } = await runJson<Migrated>(args);
    const { details, leftOut } = stages.find(({ stage }) => stage === "copy-branches")!;
    expect(leftOut![0]).toMatchObject({
      stateHash: orphan,
      reason: expect.stringMatching(/the source has .*, its precomputed block has/),
    });
    expect(details).toMatchObject({ leftOutForTheirFile: 1 });
    expect(await blockCount(target)).toBe(1063 - details!["leftOut"]!);
    await expectRefusal([...args, "--require-orphans"], {
      exit: 65,
      says: [orphan, "precomputed block"],
      next: "--require-orphans",
    });
  });
});

describe.skipIf(isRealArchiveMissing())("the archive of a real node, healed", () => {
  test("is taken whole without the coinbase of an orphan, and all of its rows are the same", async () => {
    const stop = ["--fork-state-hash", REAL_ARCHIVE.tip];
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    await using sound = await openTestDatabase();
    await runJson(migrate(source, sound, ...stop));
    const orphan = await loseCoinbase(source);
    await using target = await openTestDatabase();
    const { stages } = await runJson<Migrated>(migrate(source, target, ...stop, "--heal"));
    const { details, healed } = stages.find(({ stage }) => stage === "copy-branches")!;
    expect(details).toMatchObject({ copied: 1063 - REAL_ARCHIVE.tipHeight, leftOut: 0, healed: 1 });
    expect(healed).toMatchObject([
      { key: expect.stringContaining(orphan), ofSource: "no row", settledBy: "chain" },
    ]);
    expect(await digestsOf(target)).toEqual(await digestsOf(sound));
  });
});

/** Of the first orphan; its state hash. */
async function loseCoinbase(source: TestDatabase): Promise<string> {
  await using session = await openTestSession(source);
  const [lost] = await session.query<{ state_hash: string }>(
    `delete from blocks_internal_commands bc using blocks b, internal_commands c
     where b.id = bc.block_id and c.id = bc.internal_command_id and c.type = 'coinbase'
       and b.id = (select min(id) from blocks where chain_status = 'orphaned')
     returning b.state_hash`,
  );
  return lost!.state_hash;
}
