// Archives as people have them, on a sample network: each is taken through audit, plan, migrate, replay and
// verify, or refused by the first of these with what is wrong with its rows.
// @module-tag only-in-all

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import {
  byName,
  changedCopy,
  contentsOf,
  inProcess,
  openTestDatabase,
  type Refusal,
  sharedPath,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

/** As the cases are made for: canonical to 55, pending above. */
const SIZES = { blocks: 60, days: 3, seed: 1, finality: 5, accounts: 40, commandsPerBlock: 5 };

let home: string;
let archive: TestDatabase;
let network: readonly string[];
let blocks: readonly string[];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-source-cases-"));
  const folder = path.join(home, "sample");
  const { dumps } = await makeSample(SIZES, folder);
  archive = await openTestDatabase();
  network = ["--network", path.join(folder, "network.yaml")];
  blocks = ["--blocks", path.join(folder, "blocks")];
  await runJson([
    "restore",
    "--dump",
    path.join(folder, "dumps", dumps.at(-1)!),
    "--db",
    archive.url,
  ]);
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const ledger = () => ["--genesis-ledger", path.join(home, "sample", "genesis-ledger.json")];
const auditOf = (source: TestDatabase) => ["audit", "--source-db", source.url, ...network];
const migrationOf = (source: TestDatabase, target: TestDatabase) => [
  ...["migrate", "--source-db", source.url, "--target-db", target.url],
  ...[...network, ...ledger(), ...blocks],
];

/** A statement, or the name of a file of shared cases. */
interface Source {
  readonly name: string;
  readonly sql?: string;
}

async function openSource({ name, sql }: Source): Promise<TestDatabase> {
  const statements = sql ?? (await readFile(sharedPath(`cases/source/${name}.sql`), "utf8"));
  return await changedCopy(archive, statements);
}

const isMissing = ({ sql, name }: Source) =>
  sql === undefined && !existsSync(sharedPath(`cases/source/${name}.sql`));

const COPIED = `state_hash, parent_id, parent_hash, creator_id, block_winner_id, snarked_ledger_hash_id,
  staking_epoch_data_id, next_epoch_data_id, ledger_hash, height, global_slot, global_slot_since_genesis,
  timestamp`;
const doubled = (height: number, from: string, status: string) => `
  alter table blocks drop constraint blocks_state_hash_key;
  insert into blocks (${COPIED}, chain_status)
  select ${COPIED}, '${status}' from blocks where height = ${height} and chain_status = '${from}'`;
const WITH_LABELS = (...labels: string[]) => `
  alter table blocks alter chain_status type text; drop type chain_status_type;
  create type chain_status_type as enum (${labels.map((label) => `'${label}'`).join(", ")});
  alter table blocks alter chain_status type chain_status_type
    using initcap(chain_status)::chain_status_type`;

describe("a source that says the same in another way", () => {
  test.for(
    byName<Source>([
      { name: "chain-status-enum-without-pending" },
      { name: "valid-until-maximum" },
      { name: "epoch-data-twice" },
      { name: "a status of text", sql: "alter table blocks alter chain_status type text" },
      {
        name: "a label that no block has",
        sql: "alter type chain_status_type add value 'reorganized'",
      },
      {
        name: "an order of labels of its own",
        sql: `alter table blocks alter chain_status type text; drop type chain_status_type;
              create type chain_status_type as enum ('pending', 'orphaned', 'canonical');
              alter table blocks alter chain_status type chain_status_type
                using chain_status::chain_status_type`,
      },
      {
        name: "numbers and texts of other types",
        sql: `alter table blocks alter height type numeric, alter timestamp type text;
              alter table user_commands alter type type varchar;
              alter table blocks_user_commands alter status type text`,
      },
      { name: "a column more", sql: "alter table blocks add column note int not null default 7" },
      {
        name: "a parent id that is lost",
        sql: "update blocks set parent_id = null where height = 30",
      },
      {
        name: "keys twice",
        sql: `alter table public_keys drop constraint public_keys_value_key;
              insert into public_keys (value) select value from public_keys;
              update blocks b set creator_id = (
                select max(k.id) from public_keys k
                where k.value = (select value from public_keys where id = b.creator_id))
              where height > 30`,
      },
    ]),
  )("is migrated, replayed and verified: %s", async ([_name, given], { skip }) => {
    if (isMissing(given)) skip();
    await using source = await openSource(given);
    await using target = await openTestDatabase();
    expect(await runJson(auditOf(source))).toMatchObject({ ok: true, filesToFetch: [] });
    expect(await runJson([...migrationOf(source, target), "--plan"])).toMatchObject({ ok: true });
    await runJson(migrationOf(source, target));
    await runJson([
      ...["replay", "--target-db", target.url, "--source-db", source.url, ...network, ...ledger()],
      ...["--checkpoints", home],
    ]);
    expect(
      await runJson([
        ...["verify", "--target-db", target.url, "--source-db", source.url],
        ...[...network, ...ledger(), ...blocks],
      ]),
    ).toMatchObject({ ok: true, tip: { height: 55 }, coverage: { unproven: [] } });
  });

  test("takes a block without a verdict for a pending one, up to a stop point", async () => {
    const given = {
      name: "null",
      sql: `alter table blocks alter chain_status drop not null;
            update blocks set chain_status = null where chain_status = 'pending'`,
    };
    await using source = await openSource(given);
    const audited = await runJson([...auditOf(source), "--stop-at-height", "58"]);
    expect(audited).toMatchObject({ ok: true, tip: { height: 58 } });
  });
});

interface Faulty extends Source, Refusal {
  /** Whether no more than the copy of the block itself can find it. */
  readonly isFoundLate?: true;
}

const FEES = "leave the source's creation fees out of the comparison with --skip-creation-fees";
const ONCE = "of each block with several rows, keep one and delete the others";

describe("a source with a fault is refused before the first write, with its rows", () => {
  test.for(
    byName<Faulty>([
      {
        name: "chain-status-null-at-30",
        exit: 65,
        says: [
          /block 3N\w+ at height 30 has no chain status \(null\), but it is an ancestor of the canonical block 3N\w+ at height 31$/,
        ],
        next: "repair these rows in the source",
      },
      {
        name: "a status in capitals",
        sql: `alter table blocks alter chain_status type text;
              update blocks set chain_status = upper(chain_status)`,
        exit: 65,
        says: ['has no canonical block: its blocks have chain_status "CANONICAL" (55)'],
        next: "give an archive with canonical blocks",
      },
      {
        name: "an enum in capitals",
        sql: WITH_LABELS("Canonical", "Orphaned", "Pending"),
        exit: 78,
        says: ["blocks.chain_status", "is an enum of Canonical, Orphaned, Pending, expected"],
        next: "add_chain_status.sh",
      },
      {
        name: "a domain of the enum",
        sql: `create domain s as chain_status_type; alter table blocks alter chain_status type s`,
        exit: 78,
        says: ["blocks.chain_status", "is type s, expected an enum with canonical"],
        next: "add_chain_status.sh",
      },
      {
        name: "a height of text and an id of eight bytes",
        sql: `alter table blocks alter height type text;
              alter table blocks_user_commands alter block_id type bigint`,
        exit: 78,
        says: [
          "blocks.height is text, expected bigint; blocks_user_commands.block_id is bigint, expected integer",
        ],
        next: "give these columns the types of upstream's schema",
      },
      {
        name: "an empty status",
        sql: `alter table blocks alter chain_status type text;
              update blocks set chain_status = '' where height = 30`,
        exit: 65,
        says: ['at height 30 has the unknown chain status "", but it is an ancestor'],
        next: "repair these rows",
      },
      {
        name: "an unknown status where the chain may go on",
        sql: `alter table blocks alter chain_status type text;
              update blocks set chain_status = 'reorganized' where height = 58`,
        exit: 65,
        says: [
          'at height 58 has the unknown chain status "reorganized", expected one of canonical',
        ],
        next: "repair these rows",
      },
      {
        name: "block-row-twice-orphaned",
        exit: 65,
        says: [/at height 30 has 2 rows in blocks \(id \d+: canonical, id \d+: orphaned\)$/],
        next: ONCE,
      },
      {
        name: "a canonical block twice",
        sql: doubled(30, "canonical", "canonical"),
        exit: 65,
        says: [/at height 30 has 2 rows in blocks \(id \d+: canonical, id \d+: canonical\)$/],
        next: ONCE,
      },
      {
        name: "a pending block twice",
        sql: doubled(58, "pending", "pending"),
        exit: 65,
        says: ["at height 58 has 2 rows in blocks"],
        next: ONCE,
      },
      {
        name: "stalled-by-gap-at-31",
        exit: 65,
        says: [
          /no block above 3N\w+ at height 30 can become canonical, though the source goes on to height 60/,
          /pending block 3N\w+ at height 32 has parent (3N\w+), which is missing/,
        ],
        next: /patch the source with sample-31-3N\w+\.json; then run again/,
      },
      {
        name: "a stall above an orphan",
        sql: `update blocks set chain_status = 'pending' where height > 30 and chain_status = 'canonical';
              update blocks set chain_status = 'orphaned' where height = 31`,
        exit: 65,
        says: [/at height 31 is orphaned, but it is an ancestor of the highest block/],
        next: "repair these rows",
      },
      {
        name: "genesis-missing",
        exit: 65,
        says: [
          /the genesis block is missing: 3N\w+ at height 2 has parent 3N\w+, which the source lacks/,
        ],
        next: "copy the row of height 1 from another archive",
      },
      {
        name: "a genesis block that is orphaned",
        sql: "update blocks set chain_status = 'orphaned' where height = 1",
        exit: 65,
        says: ["at height 1 is orphaned, but it is an ancestor"],
        next: "repair these rows",
      },
      {
        name: "two genesis blocks",
        sql: `insert into blocks (${COPIED}, chain_status)
              select '3NK4BpDSekaqsG6tx8Nse2zJchRft2JpnbvMiog55WCr5xJZaKeP',
                     ${COPIED.replace("state_hash, ", "")}, 'canonical' from blocks where height = 1`,
        exit: 65,
        says: [/2 canonical blocks at height 1: .*no canonical block above is a child of 3NK4BpDS/],
        next: "repair these rows",
      },
      {
        name: "another genesis block",
        sql: `update blocks set state_hash = '3NK4BpDSekaqsG6tx8Nse2zJchRft2JpnbvMiog55WCr5xJZaKeP'
              where height = 1`,
        exit: 78,
        says: ["begins with genesis block 3NK4BpDS", "but sample begins with"],
        next: "another network",
      },
      {
        name: "creation-fees-internal-null",
        exit: 65,
        says: [
          /blocks_internal_commands\.receiver_account_creation_fee_paid of (coinbase|fee_transfer)\w* Ckp/,
          /at height \d+ is null, expected 1000000000: the block opens the account of B62/,
        ],
        next: FEES,
      },
      {
        name: "creation fees of payments that are lost",
        sql: "update blocks_user_commands set receiver_account_creation_fee_paid = null",
        exit: 65,
        says: [
          /blocks_user_commands\.receiver_account_creation_fee_paid of payment Ckp.* is null, expected/,
        ],
        next: FEES,
      },
      {
        name: "a creation fee too many",
        sql: `update blocks_internal_commands set receiver_account_creation_fee_paid = 1000000000
              where block_id = (select id from blocks where height = 30 and chain_status = 'canonical')`,
        exit: 65,
        says: [
          /at height 30 is 1000000000, expected null: the block does not open the account of B62/,
        ],
        next: FEES,
      },
      {
        name: "a creation fee of failed payments",
        sql: `update blocks_user_commands set receiver_account_creation_fee_paid = 1000000000
              where status = 'failed'`,
        exit: 65,
        says: [
          /of payment Ckp.* is 1000000000, expected null: the block does not open the account/,
        ],
        next: FEES,
      },
      {
        name: "a creation fee of another amount",
        sql: `update blocks_internal_commands set receiver_account_creation_fee_paid = 5
              where receiver_account_creation_fee_paid is not null`,
        exit: 65,
        says: [/is 5, expected 1000000000/],
        next: FEES,
      },
      {
        name: "a slot that is null",
        sql: `alter table blocks alter global_slot drop not null;
              update blocks set global_slot = null where height = 30`,
        exit: 65,
        says: [/blocks\.global_slot is null, of block 3N\w+ at height 30/],
        next: /sample-30-3N\w+\.json/,
      },
      {
        name: "a height that is null",
        sql: `alter table blocks alter height drop not null;
              update blocks set height = null where height = 30 and chain_status = 'canonical'`,
        exit: 65,
        says: [/blocks\.height is null, of block 3N\w+ at height unknown/],
        next: "repair these rows",
      },
      {
        name: "a nonce that is null",
        sql: `alter table user_commands alter nonce drop not null;
              update user_commands set nonce = null where id = 5`,
        exit: 65,
        says: ['user_commands.nonce is null, of the row {"id": 5,'],
        next: "repair these rows",
      },
      {
        name: "global-slot-off-by-one",
        isFoundLate: true,
        exit: 65,
        says: [/at height 30: the source has blocks\.global_slot \d+, .* has \d+$/],
        next: "repair it",
      },
    ]),
  )("%s", async ([_name, { isFoundLate, ...given }], { skip }) => {
    if (isMissing(given)) skip();
    await using source = await openSource(given);
    await using target = await openTestDatabase();
    const migration = migrationOf(source, target);
    if (isFoundLate === true) {
      expect(await runJson(auditOf(source))).toMatchObject({ ok: true });
      await runJson([...migration, "--plan"]);
      await expectRefusal(migration, given);
      return;
    }
    await expectRefusal(auditOf(source), given);
    await expectRefusal([...migration, "--plan"], given);
    await expectRefusal(migration, given);
    expect(await contentsOf(target)).toEqual({});
  });

  test("a stall lists the file of the missing block, and stops nobody below it", async ({
    skip,
  }) => {
    const given = { name: "stalled-by-gap-at-31" };
    if (isMissing(given)) skip();
    await using source = await openSource(given);
    const { stdout } = await run([...auditOf(source), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      filesToFetch: [expect.stringMatching(/^sample-31-3N\w+\.json$/)],
    });
    const below = await runJson([...auditOf(source), "--stop-at-height", "30"]);
    expect(below).toMatchObject({ ok: true, tip: { height: 30 } });
  });
});

test("creation fees can be left out, and the report says so", async ({ skip }) => {
  const given = { name: "creation-fees-internal-null" };
  if (isMissing(given)) skip();
  await using source = await openSource(given);
  await using target = await openTestDatabase();
  const without = "--skip-creation-fees";
  expect(await runJson([...auditOf(source), without])).toMatchObject({ ok: true });
  await runJson([...migrationOf(source, target), without]);
  await runJson([
    ...["replay", "--target-db", target.url, ...network, ...ledger(), "--checkpoints", home],
  ]);
  const verification = [
    ...["verify", "--target-db", target.url, "--source-db", source.url],
    ...[...network, ...ledger(), ...blocks],
  ];
  expect((await run(verification)).exit).toBe(20);
  expect(await runJson([...verification, without])).toMatchObject({
    ok: true,
    dropped: [
      { id: "accounts-created-equal", needs: ["source", "creation fees"] },
      { id: "fork-config-equal" },
      { id: "signatures" },
    ],
  });
  const { stdout } = await run([...verification, without]);
  expect(stdout).toMatch(/accounts-created-equal +left out +accounts_created is correct/);
  expect(stdout).toContain("that the source records the same creation fees");
});

test("balance-wrong: a balance that no replay gives is told with both", async ({ skip }) => {
  const given = { name: "balance-wrong" };
  if (isMissing(given)) skip();
  await using source = await openSource(given);
  await using target = await openTestDatabase();
  await runJson(auditOf(source));
  await runJson(migrationOf(source, target));
  const replay = ["replay", "--target-db", target.url, "--source-db", source.url, ...network];
  await expectRefusal([...replay, ...ledger(), "--checkpoints", home], {
    exit: 20,
    says: [/at height 30: after coinbase Ckp.* the old archive records balance \d+ of B62/],
    next: "replay.compareBalances: false",
  });
});
