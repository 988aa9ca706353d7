// A damaged source is migrated with healing to what the undamaged one is migrated to, each value that its files gave
// is told; or refused, where nothing settles which of the two is right.
// @module-tag only-in-all

import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { StageReport } from "@forklift/pipeline";
import { byName, inProcess, openTestDatabase, sharedPath } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import {
  type Damage,
  type DamagedSample,
  damaged,
  digestsOf,
  healedIn,
  migrationOf,
  openDamagedSample,
} from "./damaged-sample.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

let sample: DamagedSample;
let home: string;
/** The block files a second time, as of another operator. */
let second: string;

beforeAll(async () => {
  sample = await openDamagedSample();
  home = await mkdtemp(path.join(tmpdir(), "forklift-heal-"));
  second = path.join(home, "second");
  await cp(path.join(sample.folder, "blocks"), second, { recursive: true });
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const isMissing = ({ sql, name }: Damage) =>
  sql === undefined && !existsSync(sharedPath(`cases/source/${name}.sql`));

const at = (height: number) =>
  `(select id from blocks where height = ${height} and chain_status = 'canonical')`;
const withoutBlock = (height: number) => `
  update blocks set parent_id = null where parent_id = ${at(height)};
  delete from blocks_user_commands where block_id = ${at(height)};
  delete from blocks_internal_commands where block_id = ${at(height)};
  delete from blocks where id = ${at(height)}`;
/** Of the block with most of them among the canonical ones. */
const FULL = `(select block_id from blocks_user_commands
  where block_id in (select id from blocks where chain_status = 'canonical')
  group by block_id order by count(*) desc, block_id limit 1)`;
const someUser = (set: string) => `update user_commands set ${set} where id =
  (select user_command_id from blocks_user_commands where block_id = ${FULL} and sequence_no = 1)`;

interface Healable extends Damage {
  /** A part of one case. */
  readonly healed: Readonly<Record<string, unknown>>;
  readonly count?: number;
  /** Whether one operator's files are not enough. */
  readonly needsTwo?: true;
}

test.for(
  byName<Healable>([
    {
      name: "global-slot-off-by-one",
      healed: { table: "blocks", column: "global_slot", settledBy: "chain" },
    },
    {
      name: "a wrong parent hash",
      sql: `update blocks set parent_hash = (select state_hash from blocks where id = ${at(27)}) where id = ${at(30)}`,
      healed: { column: "parent_hash", settledBy: "chain" },
      count: 1,
    },
    {
      name: "a parent hash that leads to an orphan",
      sql: `update blocks b set parent_hash = (
              select o.state_hash from blocks o where o.chain_status = 'orphaned'
              order by o.height desc limit 1)
            where chain_status = 'canonical' and height = 1 + (
              select max(height) from blocks where chain_status = 'orphaned')`,
      healed: { column: "parent_hash", settledBy: "chain" },
      count: 1,
    },
    {
      name: "a wrong height",
      sql: `update blocks set height = height + 1 where id = ${at(30)}`,
      healed: { column: "height", ofSource: "31", ofFile: "30" },
      count: 1,
    },
    {
      name: "chain-status-null-at-30",
      healed: { column: "chain_status", ofSource: "NULL" },
      count: 1,
    },
    {
      name: "an orphaned block of the chain",
      sql: `update blocks set chain_status = 'orphaned' where id = ${at(30)}`,
      healed: { column: "chain_status", ofSource: "orphaned", ofFile: "canonical" },
      count: 1,
    },
    {
      name: "an orphan that is called canonical",
      sql: `update blocks set chain_status = 'canonical' where id = (
              select min(id) from blocks where chain_status = 'orphaned')`,
      healed: {},
      count: 0,
    },
    { name: "genesis-missing", healed: { column: "*", ofSource: "no row" }, count: 1 },
    { name: "block-row-twice-orphaned", healed: { column: "*", ofFile: "no row" }, count: 1 },
    {
      name: "creation-fees-internal-null",
      healed: {
        column: "receiver_account_creation_fee_paid",
        ofSource: "NULL",
        ofFile: "1000000000",
      },
    },
    {
      name: "a creation fee too many",
      sql: `update blocks_internal_commands set receiver_account_creation_fee_paid = 1000000000
            where block_id = ${at(30)}`,
      healed: { ofSource: "1000000000", ofFile: "NULL" },
    },
    {
      name: "a slot that is null",
      sql: `alter table blocks alter global_slot drop not null;
            update blocks set global_slot = null where height = 30`,
      healed: { column: "global_slot", ofSource: "NULL" },
    },
    {
      name: "a nonce that is null",
      sql: `alter table user_commands alter nonce drop not null; ${someUser("nonce = null")}`,
      healed: { table: "user_commands", column: "nonce", ofSource: "NULL", settledBy: "chain" },
      count: 1,
    },
    {
      name: "another amount",
      sql: someUser("amount = amount + 1"),
      healed: { column: "amount", settledBy: "chain" },
      count: 1,
    },
    {
      name: "another hash of a command",
      sql: someUser("hash = overlay(hash placing 'x' from 20)"),
      healed: { column: "hash", settledBy: "signature" },
      count: 1,
    },
    {
      name: "a failed command that is called applied",
      sql: `update blocks_user_commands set status = 'applied', failure_reason = null where status = 'failed'`,
      healed: { column: "status", ofSource: "applied", ofFile: "failed" },
    },
    {
      name: "a creator that leads nowhere",
      sql: `alter table blocks drop constraint if exists blocks_creator_id_fkey;
            update blocks set creator_id = 999999 where id = ${at(30)}`,
      healed: { column: "creator_id", ofSource: "NULL", settledBy: "chain" },
      count: 1,
    },
    {
      name: "a command missing",
      sql: `delete from blocks_user_commands where block_id = ${FULL} and sequence_no = 1`,
      healed: {
        table: "blocks_user_commands",
        column: "*",
        ofSource: "no row",
        settledBy: "signature",
      },
      count: 1,
    },
    {
      name: "a command too many",
      sql: `insert into blocks_user_commands (block_id, user_command_id, sequence_no, status, fee_payer_balance)
            select ${FULL}, i.user_command_id, 99, i.status, i.fee_payer_balance from blocks_user_commands i
            where i.block_id <> ${FULL} limit 1`,
      healed: { table: "blocks_user_commands", column: "*", ofFile: "no row", settledBy: "chain" },
      count: 1,
    },
    {
      name: "a coinbase missing",
      sql: `delete from blocks_internal_commands where internal_command_id in (
              select id from internal_commands where type = 'coinbase') and block_id = (
              select i.block_id from blocks_internal_commands i
              join blocks b on b.id = i.block_id and b.chain_status = 'canonical'
              join internal_commands c on c.id = i.internal_command_id and c.type = 'coinbase'
              group by i.block_id having count(*) = 1 order by i.block_id limit 1)`,
      healed: { table: "blocks_internal_commands", column: "*", settledBy: "chain" },
      count: 1,
    },
    {
      name: "another order",
      sql: `update blocks_user_commands set sequence_no = 1 - sequence_no
            where block_id = ${FULL} and sequence_no in (0, 1)`,
      healed: { column: "sequence_no", settledBy: "2 sources agree" },
      needsTwo: true,
    },
    {
      name: "a block missing",
      sql: withoutBlock(30),
      healed: { table: "blocks", column: "*", ofSource: "no row", settledBy: "2 sources agree" },
      count: 1,
      needsTwo: true,
    },
    {
      name: "blocks missing in a row",
      sql: [30, 31, 32].map(withoutBlock).join(";"),
      healed: { table: "blocks", column: "*", ofSource: "no row" },
      count: 3,
      needsTwo: true,
    },
    {
      name: "stalled-by-gap-at-31",
      healed: { table: "blocks", column: "*", ofSource: "no row" },
      count: 1,
      needsTwo: true,
    },
    {
      name: "all user commands of a block missing",
      sql: `delete from blocks_user_commands where block_id = ${FULL}`,
      healed: { table: "blocks_user_commands", column: "*", settledBy: "2 sources agree" },
      needsTwo: true,
    },
  ]),
)("heals %s", async ([_name, { healed, count, needsTwo, ...damage }], { skip }) => {
  if (isMissing(damage)) skip();
  await using source = await damaged(sample, damage);
  await using target = await openTestDatabase();
  const migration = [...migrationOf(source, target, sample.inputs), "--heal"];
  if (needsTwo) {
    await using refused = await openTestDatabase();
    await expectRefusal([...migrationOf(source, refused, sample.inputs), "--heal"], {
      exit: 65,
      says: ["cannot be healed", "2 block sources of different origin"],
      next: "give a second source of blocks",
    });
    migration.push("--blocks", `${path.join(sample.folder, "blocks")},${second}`);
  }
  expect(await runJson([...migration, "--plan"])).toMatchObject({
    ok: true,
    plan: { source: { tip: { height: 55 } }, range: { from: 1, to: 55, blocks: 55 } },
  });
  const document = await runJson<{ readonly stages: StageReport[] }>(migration);
  expect(await digestsOf(target)).toEqual(sample.digests);
  const cases = healedIn(document);
  if (count !== undefined) expect(cases, JSON.stringify(cases)).toHaveLength(count);
  if (count !== 0) expect(cases).toContainEqual(expect.objectContaining(healed));
});

test("a rival that is called canonical has no place in a complete history", async () => {
  const sql = `update blocks set chain_status = 'canonical' where id = (
    select min(id) from blocks where chain_status = 'orphaned')`;
  await using source = await damaged(sample, { name: "", sql });
  await using target = await openTestDatabase();
  const migration = [...migrationOf(source, target, sample.inputs), "--heal"];
  await expectRefusal([...migration, "--history", "complete"], {
    exit: 65,
    says: [/calls 3N\w+ at height \d+ canonical beside 3N\w+/],
    next: "set its chain_status right",
  });
});

test("two rows that agree about a parent that is none are refused", async () => {
  const sql = `update blocks set state_hash = '3NK4BpDSekaqsG6tx8Nse2zJchRft2JpnbvMiog55WCr5xJZaKeP'
      where id = ${at(30)};
    update blocks set parent_hash = '3NK4BpDSekaqsG6tx8Nse2zJchRft2JpnbvMiog55WCr5xJZaKeP'
      where id = ${at(31)}`;
  await using source = await damaged(sample, { name: "", sql });
  await using target = await openTestDatabase();
  await expectRefusal([...migrationOf(source, target, sample.inputs), "--heal"], {
    exit: 65,
    says: ["no source has a sound block 3NK4BpDS"],
    next: "get sample-30-3NK4BpDS",
  });
});

test("without the option the run stops, and its hint names it", async () => {
  await using source = await damaged(sample, { name: "", sql: someUser("amount = amount + 1") });
  await using target = await openTestDatabase();
  await expectRefusal(migrationOf(source, target, sample.inputs), {
    exit: 65,
    says: ["user_commands.amount"],
    next: "or run with --heal",
  });
});

test("a sound source has nothing to heal", async () => {
  await using source = await openTestDatabase(sample.template);
  await using target = await openTestDatabase();
  const migration = [...migrationOf(source, target, sample.inputs), "--heal"];
  const document = await runJson<{ readonly stages: StageReport[] }>(migration);
  expect(healedIn(document)).toEqual([]);
  expect(await digestsOf(target)).toEqual(sample.digests);
  expect((await run(migration)).exit).toBe(0);
});
