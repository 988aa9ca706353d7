// @module-tag only-in-all
// Complete histories: what is beside the chain is copied with its chain status, in one night or in several, and
// what cannot be is left out by name.

import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  branchesOf,
  deleteBlocksAbove,
  progressMarks,
  saveProgressMark,
  selectChain,
} from "@forklift/archive";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import {
  type GrowingSource,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nextBranchPage } from "../../src/branches/archive-branches.ts";
import { WHOLE_LOAD } from "../../src/source-load.ts";
import {
  type Asked,
  copiedRows,
  copyOf,
  detailsOf,
  migrateNight,
  openForkingSource,
  statusCounts,
} from "./history-sandbox.ts";

const NIGHTS = 4;
const HEIGHTS_PER_NIGHT = 9;
const LAST = { heights: NIGHTS * HEIGHTS_PER_NIGHT };

let source: GrowingSource;
/** Written night by night while the source grew. */
let all: TestDatabase;
let complete: TestDatabase;
let canonical: TestDatabase;

beforeAll(async () => {
  source = await openForkingSource();
  all = await openTestDatabase();
  complete = await openTestDatabase();
  canonical = await openTestDatabase();
  for (let night = 1; night <= NIGHTS; night++) {
    await source.grow(HEIGHTS_PER_NIGHT);
    const reports = await migrateNight(source, all, { history: "all" });
    if (night > 1) {
      expect(detailsOf(reports, "adopt-branches")!["adopted"]).toBeGreaterThan(0);
      expect(detailsOf(reports, "adopt-branches")!["statusesChanged"]).toBeGreaterThan(0);
    }
    await migrateNight(source, complete, { history: "complete" });
  }
  await migrateNight(source, canonical, {});
});

afterAll(async () => {
  for (const database of [all, complete, canonical]) await database[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

/** At once, into a target of its own. */
async function atOnce(
  from: Pick<GrowingSource, "url" | "folder" | "blocks">,
  asked: Asked,
): Promise<TestDatabase> {
  const target = await openTestDatabase();
  await migrateNight(from, target, asked);
  return target;
}

async function inSource(statements: string, of: TestDatabase | GrowingSource): Promise<void> {
  await using session = await openTestSession(of);
  await session.query(statements);
}

/** Rows of the chain by their values, in the order of the chain. */
async function chainRows(target: TestDatabase): Promise<unknown[]> {
  await using session = await openTestSession(target);
  return await session.query(
    `select b.state_hash, b.parent_hash, parent.state_hash as parent, b.height, b.ledger_hash, b.last_vrf_output,
            b.timestamp, b.chain_status, creator.value as creator,
            (select jsonb_agg(jsonb_build_array(c.hash, bc.sequence_no, bc.status, bc.failure_reason)
                              order by bc.sequence_no)
             from blocks_user_commands bc join user_commands c on c.id = bc.user_command_id
             where bc.block_id = b.id) as user_commands,
            (select jsonb_agg(jsonb_build_array(c.hash, c.command_type, bc.sequence_no, bc.secondary_sequence_no)
                              order by bc.sequence_no, bc.secondary_sequence_no, c.command_type)
             from blocks_internal_commands bc join internal_commands c on c.id = bc.internal_command_id
             where bc.block_id = b.id) as internal_commands
     from blocks b left join blocks parent on parent.id = b.parent_id
     join public_keys creator on creator.id = b.creator_id
     where b.chain_status = 'canonical' order by b.height`,
  );
}

test("in several nights or at once, the rows of a history are the same", async () => {
  for (const [target, history] of [
    [all, "all"],
    [complete, "complete"],
  ] as const) {
    await using other = await atOnce(source, { history });
    expect(await copiedRows(target)).toEqual(await copiedRows(other));
  }
});

test("it holds every block of the source, with the chain status that the source says", async () => {
  const expected = await statusCounts(source);
  expect(await statusCounts(all)).toEqual(expected);
  expect(await statusCounts(complete)).toEqual({
    canonical: expected["canonical"],
    orphaned: expected["orphaned"],
  });
  expect(await statusCounts(canonical)).toEqual({ canonical: expected["canonical"] });
});

test("its chain is row by row that of a canonical history", async () => {
  const chain = await chainRows(canonical);
  expect(await chainRows(complete)).toEqual(chain);
  expect(await chainRows(all)).toEqual(chain);
});

test("a night without news writes nothing", async () => {
  const before = await copiedRows(complete);
  const reports = await migrateNight(source, complete, { history: "complete" });
  expect(reports.map(({ rowCount }) => rowCount)).toEqual(reports.map(() => 0));
  expect(await copiedRows(complete)).toEqual(before);
});

test("the source is left alone between two pages of which the target has every block", async () => {
  await using from = await openTestSession(source);
  await using to = await openTestSession(complete);
  const chain = await selectChain(from, { forkStateHash: null, stopAtHeight: null }, "sample");
  const branches = branchesOf("complete", chain, { hasEnd: false })!;
  let pauses = 0;
  const pause = async () => {
    pauses++;
  };
  const read = { source: from, target: to, load: { ...WHOLE_LOAD, pause } };
  const page = await nextBranchPage(read, branches, null, 3);
  expect(page).toMatchObject({ absent: [], isLast: true });
  expect(page.count).toBeGreaterThan(6);
  expect(pauses).toBe(Math.floor(page.count / 3));
});

test("an orphan that comes late is copied, however old its height is", async () => {
  await using late = await copyOf(source);
  // Undecided, they are none of a complete history's.
  await inSource(
    "update blocks set chain_status = 'pending' where chain_status = 'orphaned' and height < 20",
    late,
  );
  await using target = await atOnce(late, { history: "complete" });
  const before = (await statusCounts(target))["orphaned"]!;
  const reports = await migrateNight(source, target, { history: "complete" });
  const expected = (await statusCounts(source))["orphaned"]!;
  expect(detailsOf(reports, "copy-branches")).toEqual({ copied: expected - before, leftOut: 0 });
  expect(expected - before).toBeGreaterThan(3);
  expect(await copiedRows(target)).toEqual(await copiedRows(complete));
});

interface Spoiled {
  readonly what: string;
  /** Of the source's rows. */
  readonly spoil: string;
  readonly cause: string;
  readonly says: RegExp;
  /** Blocks on the branch from the spoiled one on. */
  readonly leftOut: number;
}

/** The rivals of height 12 are four blocks. */
const rivalAt = (height: number) =>
  `(select state_hash from blocks where height = ${height} and chain_status = 'orphaned'
    and parent_hash <> (select state_hash from blocks where height = ${height - 1} and chain_status = 'canonical'))`;

test.each<Spoiled>([
  {
    what: "a gap under it",
    spoil: `create temp table gone as select id, state_hash from blocks where state_hash = ${rivalAt(13)};
            update blocks set parent_id = null where parent_id = (select id from gone);
            delete from blocks_user_commands where block_id = (select id from gone);
            delete from blocks_internal_commands where block_id = (select id from gone);
            delete from blocks where id = (select id from gone)`,
    cause: "leftOutForTheirParent",
    says: /its parent 3N\w+ is not in the source/,
    leftOut: 2,
  },
  {
    what: "a row that is not what its state hash proves",
    spoil: `update blocks set ledger_hash = (select ledger_hash from blocks where height = 1) where state_hash = ${rivalAt(13)}`,
    cause: "leftOutForTheirRows",
    says: /blocks\.ledger_hash/,
    leftOut: 3,
  },
  {
    what: "a value that is malformed",
    spoil: `update blocks set global_slot = -1 where state_hash = ${rivalAt(13)}`,
    cause: "leftOutForTheirRows",
    says: /global_slot/,
    leftOut: 3,
  },
  {
    what: "a command that its file does not have",
    spoil: `delete from blocks_internal_commands where block_id = (select id from blocks where state_hash = ${rivalAt(13)})`,
    cause: "leftOutForTheirFile",
    says: /internal command 1/,
    leftOut: 3,
  },
  {
    what: "links that form a circle",
    spoil: `update blocks set parent_hash = ${rivalAt(14)} where state_hash = ${rivalAt(13)}`,
    cause: "leftOutForTheirParent",
    says: /its parent 3N\w+ stands at height 14 of the source/,
    leftOut: 3,
  },
])(
  "an orphan with $what is left out, with what stands on it",
  async ({ spoil, cause, says, leftOut }) => {
    await using spoiled = await copyOf(source);
    await inSource(spoil, spoiled);
    await using target = await openTestDatabase();
    const told: string[] = [];
    const warn = (message: string) => told.push(message);
    const reports = await migrateNight(spoiled, target, { history: "complete", warn });
    const report = reports.find(({ stage }) => stage === "copy-branches")!;
    expect(report.details).toMatchObject({ leftOut, [cause]: expect.any(Number) });
    expect(report.leftOut).toHaveLength(leftOut);
    expect(report.leftOut![0]).toMatchObject({
      stateHash: expect.stringMatching(/^3N/),
      reason: expect.stringMatching(says),
    });
    expect(told.filter((message) => message.includes("is left out: "))).toHaveLength(leftOut);
    expect(await chainRows(target)).toEqual(await chainRows(canonical));
    const required = migrateNight(spoiled, target, { history: "complete", requireOrphans: true });
    await expect(required).rejects.toThrow(SourceDataError);
    await expect(required).rejects.toThrow(says);
  },
);

test("an orphan whose file is missing is copied once the file is there", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-history-"));
  try {
    await cp(source.blocks, folder, { recursive: true });
    await using session = await openTestSession(source);
    const [orphan] = await session.query<{ state_hash: string }>(
      `select ${rivalAt(13)} as state_hash`,
    );
    const name = (await readdir(folder)).find((it) => it.includes(orphan!.state_hash))!;
    await rm(path.join(folder, name));
    await using target = await openTestDatabase();
    const asked = { history: "complete", blocks: folder } as const;
    const first = await migrateNight(source, target, asked);
    expect(detailsOf(first, "copy-branches")).toMatchObject({
      ...{ leftOut: 3, leftOutForTheirFile: 1, leftOutForTheirParent: 2 },
    });
    const again = await migrateNight(source, target, asked);
    expect(detailsOf(again, "copy-branches")).toMatchObject({ copied: 0, leftOut: 3 });
    await writeFile(path.join(folder, name), "{}");
    const wrong = await migrateNight(source, target, asked);
    expect(detailsOf(wrong, "copy-branches")).toMatchObject({ copied: 0, leftOut: 3 });
    const mended = await migrateNight(source, target, { history: "complete" });
    expect(detailsOf(mended, "copy-branches")).toEqual({ copied: 3, leftOut: 0 });
    expect(await copiedRows(target)).toEqual(await copiedRows(complete));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a block without a verdict is pending, and one of a status that we do not know is an orphan", async () => {
  await using odd = await copyOf(source);
  await inSource(
    `alter table blocks alter column chain_status drop not null;
     alter table blocks alter column chain_status type text using chain_status::text;
     update blocks set chain_status = 'forsaken' where chain_status = 'orphaned' and height < 20;
     update blocks set chain_status = null where chain_status = 'pending'`,
    odd,
  );
  await using target = await atOnce(odd, { history: "all" });
  expect(await copiedRows(target)).toEqual(await copiedRows(all));
});

test("a target is gone on with in the history that it was begun with, or in a larger one", async () => {
  await using larger = await openTestDatabase(canonical);
  const asked = [
    [complete, {}, "--history complete"],
    [all, {}, "--history"],
    [all, { history: "complete" }, "--history all"],
  ] as const;
  for (const [target, wrong, next] of asked) {
    const before = await copiedRows(target);
    const refused = migrateNight(source, target, wrong);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining(next) });
    expect(await copiedRows(target)).toEqual(before);
  }
  await migrateNight(source, larger, { history: "complete" });
  expect(await copiedRows(larger)).toEqual(await copiedRows(complete));
  await migrateNight(source, larger, { history: "all" });
  expect(await copiedRows(larger)).toEqual(await copiedRows(all));
});

test("an orphan that the source calls canonical, and the target's block orphaned, ends the run", async () => {
  await using turned = await copyOf(source);
  await inSource(
    `update blocks set chain_status = case chain_status when 'canonical' then 'orphaned' else 'canonical' end::chain_status_type
     where height between 12 and 15;
     update blocks set chain_status = 'pending' where height > 15`,
    turned,
  );
  await using target = await openTestDatabase(complete);
  const before = await copiedRows(target);
  const refused = migrateNight(turned, target, { history: "complete" });
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(/they part after height \d+/);
  expect(await copiedRows(target)).toEqual(before);
});

test("once the run has an end, pending blocks above it go, and what was proven with them", async () => {
  const stop = { forkStateHash: null, stopAtHeight: BigInt(LAST.heights - 1) };
  await using target = await openTestDatabase(all);
  {
    await using session = await openTestSession(target);
    await saveProgressMark(session, "verify-target", { height: "1", stateHash: "3N" });
  }
  const reports = await migrateNight(source, target, { history: "all", stop });
  expect(detailsOf(reports, "adopt-branches")!["deleted"]).toBeGreaterThan(0);
  await using stopped = await atOnce(source, { history: "all", stop });
  expect(await copiedRows(target)).toEqual(await copiedRows(stopped));
  await using session = await openTestSession(target);
  expect(await progressMarks(session).load("verify-target")).toBeNull();
});

test.each([
  ["complete", 24],
  ["all", 24],
  ["complete", 14],
] as const)(
  "taken back, a %s history is what a migration to height %i leaves",
  async (history, height) => {
    await using target = await openTestDatabase(history === "all" ? all : complete);
    {
      await using session = await openTestSession(target);
      await session.transaction(() => deleteBlocksAbove(session, BigInt(height)));
    }
    const stop = { forkStateHash: null, stopAtHeight: BigInt(height) };
    await using stopped = await atOnce(source, { history, stop });
    expect(await copiedRows(target)).toEqual(await copiedRows(stopped));
  },
);
