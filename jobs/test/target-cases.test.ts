// Targets as people have them: one whose schema, indexes or keys are not ours, or that has gone on after the
// fork, is told what it is by the plan and by every command, and stays as it is.
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

const { runJson, expectRefusal } = inProcess(forklift);

const SIZES = { blocks: 60, days: 3, seed: 1, finality: 5, accounts: 40, commandsPerBlock: 5 };

let home: string;
let source: TestDatabase;
/** Migrated and replayed to height 55. */
let whole: TestDatabase;
let network: readonly string[];

const given = () => [...network, "--genesis-ledger", path.join(home, "sample/genesis-ledger.json")];
const blocks = () => ["--blocks", path.join(home, "sample/blocks")];
const migrationTo = ({ url }: TestDatabase) => [
  ...["migrate", "--source-db", source.url, "--target-db", url, ...given(), ...blocks()],
  ...["--stop-at-height", "58"],
];
const replayOf = ({ url }: TestDatabase) => [
  ...["replay", "--target-db", url, ...given(), "--checkpoints", home],
];
const verificationOf = ({ url }: TestDatabase) => [
  ...["verify", "--target-db", url, "--source-db", source.url, ...given(), ...blocks()],
];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-target-cases-"));
  const folder = path.join(home, "sample");
  const { dumps } = await makeSample(SIZES, folder);
  network = ["--network", path.join(folder, "network.yaml")];
  [source, whole] = [await openTestDatabase(), await openTestDatabase()];
  const dump = path.join(folder, "dumps", dumps.at(-1)!);
  await runJson(["restore", "--dump", dump, "--db", source.url]);
  const migration = migrationTo(whole).slice(0, -2);
  await runJson(migration);
  await runJson(replayOf(whole));
});
afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await whole[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

interface Case extends Omit<Refusal, "exit"> {
  readonly name: string;
  /** Default: that of the file of shared cases. */
  readonly sql?: string;
  /** Default: the whole target. */
  readonly isEmpty?: true;
  /** Whether a verification is told so as well, instead of a no at every height. */
  readonly isToldByVerify?: true;
}

const NOT_OURS = "is not the one that forklift writes: ";
const ANEW = "start again from an empty target, or restore a published set";

describe("a target is refused before the first write, with what it is", () => {
  test.for(
    byName<Case>([
      {
        name: "mesa-shape",
        says: [
          "a Mesa archive: its migration_history names protocol version 4.0.0, by migration 0.0.6",
          "expected a Berkeley archive",
        ],
        next: "leave that archive as it is",
      },
      {
        name: "berkeley-goes-on",
        says: [
          /goes on after the fork: above height 55 stand blocks of later protocol versions \(1\), the first 3N\w+ at height 56 of version 3\.0\.0/,
        ],
        next: "leave this archive as it is",
      },
      {
        name: "a lost index",
        sql: "drop index idx_blocks_height",
        says: [`${NOT_OURS}index idx_blocks_height of blocks is missing`],
        next: "put it back with CREATE INDEX idx_blocks_height ON public.blocks",
      },
      {
        name: "a lost foreign key",
        sql: "alter table blocks drop constraint blocks_creator_id_fkey",
        says: [`${NOT_OURS}foreign key blocks_creator_id_fkey of blocks is missing`],
        next: 'ALTER TABLE "blocks" ADD CONSTRAINT "blocks_creator_id_fkey" FOREIGN KEY (creator_id)',
      },
      {
        name: "a lost primary key",
        sql: "alter table accounts_accessed drop constraint accounts_accessed_pkey",
        says: [`${NOT_OURS}primary key accounts_accessed_pkey of accounts_accessed is missing`],
        next: "PRIMARY KEY (block_id, account_identifier_id)",
      },
      {
        name: "an index that is not valid",
        sql: `update pg_index set indisvalid = false where indexrelid = 'idx_blocks_height'::regclass`,
        says: [`${NOT_OURS}index idx_blocks_height of blocks: not valid`],
        next: ANEW,
      },
      {
        name: "an index more",
        sql: "create index mine on blocks (timestamp)",
        says: [`${NOT_OURS}there is index mine of blocks`],
        next: 'put it back with DROP INDEX "mine"',
      },
      {
        name: "a check more",
        sql: "alter table blocks add constraint mine check (height > 0)",
        says: [`${NOT_OURS}there is check mine of blocks`],
        next: 'put it back with ALTER TABLE "blocks" DROP CONSTRAINT "mine"',
      },
      {
        name: "a column more",
        sql: "alter table blocks add column note text not null default ''",
        says: [`${NOT_OURS}there is column note of blocks`],
        next: ANEW,
      },
      {
        name: "a column of another type",
        sql: "alter table blocks alter timestamp type varchar",
        says: [`${NOT_OURS}column timestamp of blocks has type character varying, expected text`],
        next: ANEW,
      },
      {
        name: "a column that may be null",
        sql: "alter table blocks alter ledger_hash drop not null",
        says: [`${NOT_OURS}column ledger_hash of blocks has nullable true, expected false`],
        next: ANEW,
      },
      {
        name: "a table more",
        sql: "create table customers (id serial primary key)",
        says: [NOT_OURS, "there is a table customers"],
        next: ANEW,
      },
      {
        name: "triggers that are disabled",
        sql: "alter table blocks disable trigger all",
        says: [/triggers of blocks: \d+ of them not enabled/],
        next: ANEW,
      },
      {
        name: "a trigger of its own",
        sql: `create function f() returns trigger language plpgsql as 'begin return new; end';
              create trigger t before insert on blocks for each row execute function f()`,
        says: ["1 functions in schema public, expected 0; 1 triggers in schema public, expected 0"],
        next: ANEW,
      },
      {
        name: "a view in the place of a table",
        sql: `alter table accounts_created rename to old;
              create view accounts_created as select * from old`,
        says: ["it lacks table accounts_created (there is a view of that name)"],
        next: "make it anew",
        isToldByVerify: true,
      },
      {
        name: "tables of another program",
        isEmpty: true,
        sql: "create table customers (id int); create table orders (id int)",
        says: ["holds no archive that we know"],
        next: "give the URL of a Berkeley archive",
        isToldByVerify: true,
      },
      {
        name: "a view and no table",
        isEmpty: true,
        sql: "create view blocks as select 1",
        says: ["it has no tables, but 1 views"],
        next: "give the URL of a Berkeley archive",
        isToldByVerify: true,
      },
      {
        name: "a type and no table",
        isEmpty: true,
        sql: "create type chain_status_type as enum ('canonical')",
        says: ["it has no tables, but type chain_status_type"],
        next: "give the URL of a Berkeley archive",
        isToldByVerify: true,
      },
    ]),
  )("%s", async ([_name, { name, sql, isEmpty, isToldByVerify, ...refusal }], { skip }) => {
    const file = sharedPath(`cases/target/${name}.sql`);
    if (sql === undefined && !existsSync(file)) skip();
    await using empty = await openTestDatabase();
    await using target = await changedCopy(
      isEmpty === true ? empty : whole,
      sql ?? (await readFile(file, "utf8")),
    );
    const before = await contentsOf(target);
    const expected = { ...refusal, exit: 78 } as const;
    await expectRefusal([...migrationTo(target), "--plan"], expected);
    await expectRefusal(migrationTo(target), expected);
    await expectRefusal(replayOf(target), expected);
    if (isToldByVerify === true) await expectRefusal(verificationOf(target), expected);
    expect(await contentsOf(target)).toEqual(before);
  });

  test("an archive of protocol 1.x is called that", async () => {
    await using target = await openTestDatabase(source);
    await expectRefusal([...migrationTo(target), "--plan"], {
      exit: 78,
      says: ["the target", "holds a pre-fork (mainnet) archive, expected a Berkeley archive"],
      next: "look swapped",
    });
  });
});

test("a target of ours that a bulk load has not ended yet is taken", async () => {
  await using target = await changedCopy(whole, WITHOUT_INDEXES);
  expect(await runJson([...migrationTo(target), "--plan"])).toMatchObject({ ok: true });
  await runJson(migrationTo(target));
  await runJson(replayOf(target));
  await runJson([...verificationOf(target), "--trusted-state-hash", await tipOf(target)]);
});

test("an extension of the server is nobody's schema", async () => {
  const sql = `do $$ begin
    if exists (select from pg_available_extensions where name = 'pg_stat_statements')
    then create extension pg_stat_statements; end if; end $$`;
  await using target = await changedCopy(whole, sql);
  expect(await runJson([...migrationTo(target), "--plan"])).toMatchObject({ ok: true });
});

async function tipOf(target: TestDatabase): Promise<string> {
  const plan = await runJson<{ plan: { target: { tip: { stateHash: string } } } }>([
    ...[...migrationTo(target), "--plan"],
  ]);
  return plan.plan.target.tip.stateHash;
}

/** Indexes and foreign keys, as before the stage that builds them. */
const WITHOUT_INDEXES = `do $$
  declare it record;
  begin
    for it in select conrelid::regclass as t, conname from pg_constraint
              where contype = 'f' and connamespace = 'public'::regnamespace
    loop execute format('alter table %s drop constraint %I', it.t, it.conname); end loop;
    for it in select indexrelid::regclass as i from pg_index x join pg_class c on c.oid = x.indrelid
              where c.relnamespace = 'public'::regnamespace
                and not exists (select from pg_constraint where conindid = x.indexrelid)
    loop execute 'drop index ' || it.i; end loop;
  end $$`;
