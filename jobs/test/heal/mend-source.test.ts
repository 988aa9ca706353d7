// The statements that audit writes for a damaged archive, run by psql on a copy: the audit finds nothing afterwards, a
// migration without healing comes to what the undamaged archive comes to, and its balances are those of the replay.
// @module-tag only-in-all

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  byName,
  inProcess,
  isToolMissing,
  openTestDatabase,
  psqlFile,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import {
  type Damage,
  type DamagedSample,
  damaged,
  digestsOf,
  migrationOf,
  openDamagedSample,
} from "./damaged-sample.ts";

const { runJson, expectRefusal } = inProcess(forklift);

let sample: DamagedSample;
let home: string;
let blocks: readonly string[];

beforeAll(async () => {
  sample = await openDamagedSample();
  home = await mkdtemp(path.join(tmpdir(), "forklift-mend-"));
  const first = path.join(sample.folder, "blocks");
  const second = path.join(home, "second");
  await cp(first, second, { recursive: true });
  blocks = ["--blocks", `${first},${second}`];
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const networkOf = () => sample.inputs.slice(0, 4);
const auditOf = (source: TestDatabase) => ["audit", "--source-db", source.url, ...networkOf()];

const at = (height: number) =>
  `(select id from blocks where height = ${height} and chain_status = 'canonical')`;
const FULL = `(select block_id from blocks_user_commands
  where block_id in (select id from blocks where chain_status = 'canonical')
  group by block_id order by count(*) desc, block_id limit 1)`;
const withoutBlock = (height: number) => `
  update blocks set parent_id = null where parent_id = ${at(height)};
  delete from balances where block_id = ${at(height)};
  delete from blocks where id = ${at(height)}`;

describe.skipIf(isToolMissing("psql"))("by psql", () => {
  test.for(
    byName<Damage>([
      {
        name: "columns of blocks",
        sql: `update blocks set global_slot = global_slot - 1, ledger_hash = parent_hash,
                creator_id = block_winner_id, timestamp = 5, chain_status = 'orphaned' where id = ${at(30)}`,
      },
      {
        name: "links",
        sql: `update blocks set parent_hash = state_hash, parent_id = null where id = ${at(20)};
              update blocks set height = height + 1 where id = ${at(30)}`,
      },
      {
        name: "values of commands",
        sql: `update user_commands set amount = amount + 1, nonce = nonce + 1 where id % 3 = 0;
              update internal_commands set fee = fee + 1 where id % 4 = 0;
              update blocks_user_commands set status = 'applied', failure_reason = null`,
      },
      {
        name: "commands missing, too many and in another order",
        sql: `delete from blocks_user_commands where block_id = ${FULL} and sequence_no = 1;
              update blocks_user_commands set sequence_no = 3 - sequence_no
                where block_id = ${at(20)} and sequence_no in (1, 2);
              insert into blocks_internal_commands
                select ${at(25)}, internal_command_id, 99, 0, null, receiver_balance
                from blocks_internal_commands where block_id = ${at(24)} limit 1`,
      },
      {
        name: "creation fees",
        sql: "update blocks_internal_commands set receiver_account_creation_fee_paid = null",
      },
      { name: "blocks missing", sql: [12, 30, 31, 32, 55].map(withoutBlock).join(";") },
      {
        name: "a second row of a block",
        sql: `alter table blocks drop constraint blocks_state_hash_key;
              insert into blocks (state_hash, parent_id, parent_hash, creator_id, block_winner_id,
                snarked_ledger_hash_id, staking_epoch_data_id, next_epoch_data_id, ledger_hash, height,
                global_slot, global_slot_since_genesis, timestamp, chain_status)
              select state_hash, parent_id, parent_hash, creator_id, block_winner_id, snarked_ledger_hash_id,
                staking_epoch_data_id, next_epoch_data_id, ledger_hash, height, global_slot,
                global_slot_since_genesis, timestamp, 'orphaned' from blocks where id = ${at(30)}`,
      },
      { name: "nothing", sql: "select 1" },
    ]),
  )("mends %s", async ([name, damage]) => {
    await using source = await damaged(sample, damage);
    const sql = path.join(home, `${name.replaceAll(" ", "-")}.sql`);
    const audited = await inProcessAudit([...auditOf(source), ...blocks, "--sql", sql]);
    expect(audited.differences > 0, name).toBe(name !== "nothing");
    psqlFile(source.url, sql);
    // A second time there is nothing to do.
    psqlFile(source.url, sql);
    expect(await runJson([...auditOf(source), ...blocks])).toMatchObject({
      ok: true,
      files: { differences: 0 },
    });
    await using target = await openTestDatabase();
    await runJson(migrationOf(source, target, sample.inputs));
    expect(await digestsOf(target)).toEqual(sample.digests);
    await runJson([
      ...["replay", "--target-db", target.url, "--source-db", source.url, ...networkOf()],
      ...["--checkpoints", path.join(home, `checkpoints-${name}`)],
    ]);
  });
});

/** The command refuses a damaged source in the end, whose statements it has written by then. */
async function inProcessAudit(args: readonly string[]): Promise<{ readonly differences: number }> {
  const { run } = inProcess(forklift);
  const { stdout, stderr } = await run([...args, "--json"]);
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly files: { readonly differences: number } }).files;
}

test("a file that is there is not overwritten, and half a script is none", async () => {
  await using source = await damaged(sample, {
    name: "",
    sql: "update blocks set global_slot = 1 where height = 30",
  });
  const there = path.join(home, "there.sql");
  await writeFile(there, "mine");
  await expectRefusal([...auditOf(source), ...blocks, "--sql", there], {
    exit: 64,
    says: ["is there already"],
    next: "name another file",
  });
  expect(await readFile(there, "utf8")).toBe("mine");
  const empty = path.join(home, "empty");
  await cp(path.join(sample.folder, "blocks"), empty, {
    recursive: true,
    filter: (name) => !name.includes("sample-40-"),
  });
  const sql = path.join(home, "half.sql");
  await expectRefusal([...auditOf(source), "--blocks", empty, "--sql", sql], {
    exit: 65,
    says: ["no source has a sound block"],
    next: "get sample-40-",
  });
  expect((await readdir(home)).filter((name) => name.startsWith("half"))).toEqual([]);
});

test("what a source has is no statement in the script, whatever it says", async () => {
  await using source = await damaged(sample, {
    name: "",
    sql: `update user_commands set memo = e'x\\n'';drop table blocks;--' where id = 5`,
  });
  const sql = path.join(home, "hostile.sql");
  await inProcessAudit([...auditOf(source), ...blocks, "--sql", sql]);
  const script = await readFile(sql, "utf8");
  expect(script).toContain("drop table");
  const lines = script.split("\n").filter((line) => line.includes("drop table"));
  expect(lines.every((line) => line.startsWith("--"))).toBe(true);
});

test("options that need each other say so", async () => {
  await using source = await openTestDatabase(sample.template);
  await expectRefusal([...auditOf(source), "--sql", "out.sql"], {
    exit: 64,
    says: ["none are given"],
    next: "give --blocks URL",
  });
  await expectRefusal(["audit", "--source-db", source.url, ...blocks], {
    exit: 64,
    says: ["needs the network and its genesis ledger"],
    next: "give --network NAME",
  });
});
