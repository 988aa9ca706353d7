// Archives that have gone on after the fork: the history of protocol 1.x in them is verified up to the trusted block,
// whatever stands above it, and by a role that can only read.
// @module-tag only-in-all

import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import {
  changeDatabase,
  changedCopy,
  contentsOf,
  inProcess,
  openPlainRole,
  openTestDatabase,
  openTestSession,
  sharedPath,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import { type ReportDocument, reportSchema } from "../src/stages/verification-report.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

const SIZES = { blocks: 60, days: 3, seed: 1, finality: 5, accounts: 40, commandsPerBlock: 5 };
const TIP_HEIGHT = 55;
const SCHEMAS = path.resolve(import.meta.dirname, "../../schemas/mesa");

let home: string;
let source: TestDatabase;
/** Migrated and replayed to the tip. */
let whole: TestDatabase;
/** The same with blocks of version 3.0.0 on it, one of them an orphan and one pending. */
let living: TestDatabase;
let network: readonly string[];
let tip: string;

const given = () => [...network, "--genesis-ledger", path.join(home, "sample/genesis-ledger.json")];
const blocks = () => ["--blocks", path.join(home, "sample/blocks")];
const trusting = () => ["--trusted-state-hash", tip];
const verification = ({ url }: { readonly url: string }, ...more: readonly string[]) => [
  ...["verify", "--target-db", url, ...given(), ...more],
];
const withAll = () => ["--source-db", source.url, ...blocks(), ...trusting()];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-living-"));
  const folder = path.join(home, "sample");
  const { dumps } = await makeSample(SIZES, folder);
  network = ["--network", path.join(folder, "network.yaml")];
  [source, whole] = [await openTestDatabase(), await openTestDatabase()];
  await runJson([
    "restore",
    "--dump",
    path.join(folder, "dumps", dumps.at(-1)!),
    "--db",
    source.url,
  ]);
  const at = ["--target-db", whole.url, ...given()];
  await runJson(["migrate", "--source-db", source.url, ...at, ...blocks()]);
  await runJson(["replay", ...at, "--checkpoints", home]);
  living = await changedCopy(whole, goingOn());
  tip = await hashAt(TIP_HEIGHT);
});
afterAll(async () => {
  for (const database of [living, whole, source]) await database?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function hashAt(height: number): Promise<string> {
  await using session = await openTestSession(whole);
  const [row] = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where height = $1",
    [height],
  );
  return row!.state_hash;
}

const COLUMNS = `parent_id, parent_hash, creator_id, block_winner_id, last_vrf_output, snarked_ledger_hash_id,
  staking_epoch_data_id, next_epoch_data_id, min_window_density, sub_window_densities, total_currency, ledger_hash`;

/** A block of a later era that builds on the block of a state hash, in SQL. */
const onTop = (hash: string, parent: string, status: string) => `
  insert into blocks (state_hash, ${COLUMNS}, height, global_slot_since_hard_fork, global_slot_since_genesis,
                      protocol_version_id, "timestamp", chain_status)
  select '${hash}', id, state_hash, creator_id, block_winner_id, last_vrf_output, snarked_ledger_hash_id,
         staking_epoch_data_id, next_epoch_data_id, min_window_density, sub_window_densities, total_currency,
         ledger_hash, height + 1, 0, global_slot_since_genesis + 100,
         (select max(id) from protocol_versions), '1717545780000', '${status}'
  from blocks where state_hash = ${parent};`;

/** Two chains above the fork, with rows of all kinds that refer to old ones and bring new ones. */
function goingOn(): string {
  return `
    insert into protocol_versions (transaction, network, patch) values (3, 0, 0);
    ${onTop("3NKfork", `(select state_hash from blocks where height = ${TIP_HEIGHT})`, "canonical")}
    ${onTop("3NKnext", "'3NKfork'", "canonical")}
    ${onTop("3NKorphan", "'3NKfork'", "orphaned")}
    ${onTop("3NKpending", "'3NKnext'", "pending")}
    ${onTop("3NKrival", "'3NKorphan'", "canonical")}
    insert into public_keys (value) values ('B62new'), ('B62unreferenced');
    insert into tokens (value, owner_public_key_id, owner_token_id)
      select 'wNew', max(k.id), min(t.id) from public_keys k, tokens t;
    insert into account_identifiers (public_key_id, token_id) select min(k.id), max(t.id) from public_keys k, tokens t;
    insert into token_symbols (value) values ('NEW'), ('NEW');
    insert into zkapp_permissions (${PERMISSIONS}) select ${PERMISSIONS.replace("set_verification_key_txn_version", "3")}
      from zkapp_permissions limit 1;
    insert into user_commands (command_type, fee_payer_id, source_id, receiver_id, nonce, amount, fee, valid_until, memo, hash)
      select command_type, fee_payer_id, source_id, (select max(id) from public_keys), nonce + 9, amount, fee, valid_until, memo, '5Jnew'
      from user_commands limit 1;
    insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
      select b.id, c.id, 0, 'applied' from blocks b, user_commands c where b.state_hash = '3NKnext' and c.hash = '5Jnew';
    insert into zkapp_uris (value) values ('later');
    insert into accounts_accessed
      select a.ledger_index, (select id from blocks where state_hash = '3NKnext'), a.account_identifier_id,
             (select max(id) from token_symbols), '17', a.nonce, a.receipt_chain_hash, a.delegate_id, a.voting_for_id,
             a.timing_id, (select max(id) from zkapp_permissions), a.zkapp_id
      from accounts_accessed a join blocks b on b.id = a.block_id where b.height = 1 order by a.ledger_index limit 3;
    insert into epoch_data (seed, ledger_hash_id, total_currency, start_checkpoint, lock_checkpoint, epoch_length)
      select 'later', ledger_hash_id, total_currency, start_checkpoint, lock_checkpoint, epoch_length
      from epoch_data limit 1;`;
}

const PERMISSIONS = [
  ...["edit_state", "send", "receive", "access", "set_delegate", "set_permissions"],
  ...["set_verification_key_auth", "set_verification_key_txn_version", "set_zkapp_uri"],
  ...["edit_action_state", "set_token_symbol", "increment_nonce", "set_voting_for", "set_timing"],
].join(", ");

async function reportOf(args: readonly string[]) {
  const { exit, stdout, stderr } = await run([...args, "--json"]);
  const report = stdout === "" ? null : reportSchema.parse(JSON.parse(stdout));
  return { exit, stderr, report };
}

async function failedOf(database: TestDatabase, ...more: readonly string[]) {
  const args = verification(database, ...(more.length === 0 ? withAll() : more));
  const { exit, stderr, report } = await reportOf(args);
  expect(report, stderr).not.toBeNull();
  return { exit, failed: failing(report!), report: report!, stderr };
}

const failing = ({ checks }: ReportDocument) => checks.filter(({ ok }) => !ok).map(({ id }) => id);

describe("an archive that has gone on", () => {
  test("is the history of its chain up to the trusted block: a plain yes, and all else is counted", async () => {
    const { exit, failed, report } = await failedOf(living);
    expect([exit, failed]).toEqual([0, []]);
    expect(report).toMatchObject({
      answer: "yes",
      tip: { height: TIP_HEIGHT, stateHash: tip },
      archive: {
        form: "Berkeley",
        additions: [],
        goesOn: {
          versions: [{ version: "3.0.0", blocks: 5, fromHeight: 56, toHeight: 58 }],
          leftAlone: {
            accounts_accessed: 3,
            blocks: 5,
            blocks_user_commands: 1,
            epoch_data: 1,
            protocol_versions: 1,
            public_keys: 2,
            token_symbols: 2,
            tokens: 1,
            account_identifiers: 1,
            user_commands: 1,
            zkapp_permissions: 1,
            zkapp_uris: 1,
          },
        },
        accepted: [{ id: "fork-genesis-accounts-missing", repair: "populate-genesis-accounts" }],
      },
      coverage: { unproven: [] },
    });
    expect(report.dropped.map(({ id }) => id)).toEqual([
      "fork-config-equal",
      "signatures",
      "fork-genesis-accounts",
      "no-unreferenced-rows",
      "sequences-past-rows",
    ]);
    // What two operators compare is what a published set of that height has.
    const alone = await failedOf(whole);
    expect(report.digests).toEqual(alone.report.digests);
    expect(report.rowCounts).toEqual(alone.report.rowCounts);
    const { stdout } = await run(verification(living, ...withAll()));
    expect(stdout).toContain("goes on   above height 55: 5 of version 3.0.0 at heights 56 to 58");
    expect(stdout).toContain(
      "answer    yes, the target is the history of this chain up to height 55",
    );
  });

  test.each([
    ["blocks alone", () => [...blocks(), ...trusting()]],
    ["the source alone", () => ["--source-db", source.url, ...trusting()]],
    ["the source, which vouches for the anchor", () => ["--source-db", source.url, ...blocks()]],
  ])("is verified with %s", async (_what, more) => {
    const { exit, report } = await failedOf(living, ...more());
    expect(exit).toBe(0);
    expect(report).toMatchObject({ answer: "yes, except", tip: { height: TIP_HEIGHT } });
  });

  test("ends at the preset's last pre-fork block, where no other one is trusted", async () => {
    const file = path.join(home, "sample", "forked.yaml");
    const preset = await readFile(path.join(home, "sample", "network.yaml"), "utf8");
    const last = JSON.stringify({ height: TIP_HEIGHT, stateHash: tip });
    await writeFile(file, `${preset}\nlastPreForkBlock: ${last}\n`);
    const args = verification(living, "--source-db", source.url, ...blocks(), "--network", file);
    const { exit, stderr, report } = await reportOf(args);
    expect(exit, stderr).toBe(0);
    expect(report).toMatchObject({ answer: "yes", anchor: { vouchedBy: "preset" } });
  });

  test("needs a block that is trusted", async () => {
    await expectRefusal(verification(living, ...blocks()), {
      exit: 78,
      says: ["no block is trusted"],
      next: "--trusted-state-hash",
    });
  });

  const BELOW: readonly (readonly [what: string, sql: string, says: RegExp])[] = [
    [
      "a balance",
      "update accounts_accessed set balance = '1' where block_id = (select id from blocks where height = 30)",
      /height 30\b/,
    ],
    [
      "a fee that a block below refers to",
      `update user_commands set fee = '1' where id = (
        select user_command_id from blocks_user_commands j join blocks b on b.id = j.block_id where b.height = 31 limit 1)`,
      /height 31\b/,
    ],
    ["a VRF output", "update blocks set last_vrf_output = 'x' where height = 32", /height 32\b/],
    [
      "a status in the midst",
      "update blocks set chain_status = 'pending' where height = 33",
      /height 33\b/,
    ],
    [
      "a status that is orphaned at the end",
      "update blocks set chain_status = 'orphaned' where height = 55",
      /height 55\b/,
    ],
    [
      "a version",
      "update blocks set protocol_version_id = (select max(id) from protocol_versions) where height = 34",
      /height 34\b/,
    ],
    [
      "a removed row",
      "delete from accounts_created where ctid = (select a.ctid from accounts_created a join blocks b on b.id = a.block_id order by b.height limit 1)",
      /accounts_created height \d+/,
    ],
    [
      "a zkApp's account",
      "update accounts_accessed set zkapp_id = 7 where block_id = (select id from blocks where height = 30)",
      /no-foreign-rows/,
    ],
    [
      "a symbol that accounts below refer to",
      "update token_symbols set value = 'X' where value = ''",
      /no-foreign-rows/,
    ],
    [
      "an epoch that blocks below refer to",
      "update epoch_data set seed = 'x' where id = (select next_epoch_data_id from blocks where height = 40)",
      /height \d+, .*next_epoch_data_id|height \d+.*epoch_data/,
    ],
    [
      "an additional canonical block",
      onTop(
        "3NKextra",
        "(select state_hash from blocks where height = 35 and state_hash <> '3NKextra')",
        "canonical",
      ),
      /height 36\b/,
    ],
    [
      "an additional pending block",
      onTop("3NKextra", "(select state_hash from blocks where height = 35)", "pending"),
      /height 36\b/,
    ],
    [
      "a parent that is another",
      "update blocks set parent_id = 3 where height = 37",
      /height 37\b/,
    ],
    ["a missing block", "delete from blocks where height = 38", /height 38\b/],
    [
      "a command more",
      `insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
        select b.id, c.id, 99, 'applied' from blocks b, user_commands c where b.height = 39 and c.hash = '5Jnew'`,
      /height 39\b/,
    ],
    [
      "a zkApp command",
      `insert into blocks_zkapp_commands (block_id, zkapp_command_id, sequence_no, status)
        select id, 1, 0, 'applied' from blocks where height = 39`,
      /blocks_zkapp_commands/,
    ],
  ];

  test.each(BELOW)(
    "is not that history with %s altered below the block",
    async (_what, sql, says) => {
      await using altered = await changedCopy(
        living,
        `set session_replication_role = replica; ${sql}`,
      );
      const { exit, stderr } = await failedOf(altered);
      expect(exit, stderr).toBe(20);
      expect(stderr).toMatch(says);
    },
  );

  const ABOVE: readonly (readonly [what: string, sql: string])[] = [
    [
      "every column of a block",
      `update blocks set last_vrf_output = 'x', ledger_hash = 'y', parent_hash = 'z', parent_id = 2,
        chain_status = 'orphaned', total_currency = '1', global_slot_since_hard_fork = 7, "timestamp" = 'n' where height > 55`,
    ],
    ["the version of all of them", "update blocks set protocol_version_id = 1 where height > 55"],
    [
      "an account",
      "update accounts_accessed a set balance = '2' from blocks b where b.id = a.block_id and b.height > 55",
    ],
    [
      "a command that only they use",
      "update user_commands set fee = '7', memo = 'm', receiver_id = 1 where hash = '5Jnew'",
    ],
    [
      "references to nothing",
      `update accounts_accessed a set delegate_id = 4711, zkapp_id = 4712 from blocks b
        where b.id = a.block_id and b.height > 55`,
    ],
    ["a block that is gone", "delete from blocks where state_hash = '3NKfork'"],
    [
      "keys that nothing refers to",
      "insert into public_keys (value) select 'B62more' || n from generate_series(1, 100) n",
    ],
    ["a sequence", "select setval('public_keys_id_seq', 1)"],
    [
      "a block at a height that is far off",
      "update blocks set height = 4000000000 where state_hash = '3NKpending'",
    ],
  ];

  test.each(ABOVE)("is that history whatever is done above: %s", async (_what, sql) => {
    await using altered = await changedCopy(
      living,
      `set session_replication_role = replica; ${sql}`,
    );
    const { exit, failed, stderr } = await failedOf(altered);
    expect([exit, failed], stderr).toEqual([0, []]);
  });

  test("a row that nothing refers to counts where no later block can have brought it", async () => {
    const sql = "insert into public_keys (value) values ('B62unreferenced')";
    await using altered = await changedCopy(whole, sql);
    expect(await failedOf(altered)).toMatchObject({ exit: 20, failed: ["no-unreferenced-rows"] });
  });

  test("is verified by a role that may read the tables and nothing else, and is left as it is", async () => {
    await using copy = await openTestDatabase(living);
    await using role = await openPlainRole(copy, [
      "grant usage on schema public to ROLE",
      "grant select on all tables in schema public to ROLE",
      "alter role ROLE set default_transaction_read_only = on",
    ]);
    const before = await contentsOf(copy);
    const args = verification(role, ...withAll(), "--pause", "1", "--statement-timeout", "60");
    const { exit, stderr, report } = await reportOf(args);
    expect(exit, stderr).toBe(0);
    expect(report).toMatchObject({ answer: "yes" });
    expect(await contentsOf(copy)).toEqual(before);
  });
});

describe("the two ways of the official migration", () => {
  test("pending blocks before the fork are accepted, and their repair is named", async () => {
    const sql = "update blocks set chain_status = 'pending' where height between 40 and 55";
    await using pending = await changedCopy(living, sql);
    const { exit, failed, report, stderr } = await failedOf(pending);
    expect([exit, failed], stderr).toEqual([0, []]);
    expect(report.archive?.accepted).toContainEqual({
      id: "pending-before-fork",
      what: "the blocks at heights 40 to 55 are pending, since no block of their protocol stands on them",
      repair: "convert-chain-to-canonical",
    });
  });

  test("a target of ours that ends there has none that is pending", async () => {
    await using pending = await changedCopy(
      whole,
      "update blocks set chain_status = 'pending' where height = 55",
    );
    expect(await failedOf(pending)).toMatchObject({ exit: 20 });
    await changeDatabase(pending, "drop schema forklift cascade");
    const { exit, report } = await failedOf(pending);
    expect(exit).toBe(0);
    expect(report.archive).toMatchObject({
      goesOn: null,
      accepted: [{ id: "pending-before-fork" }],
    });
    const bySource = await failedOf(pending, "--source-db", source.url, ...blocks());
    expect([bySource.exit, bySource.failed]).toEqual([0, []]);
    expect(bySource.report.tip).toMatchObject({ height: TIP_HEIGHT, stateHash: tip });
  });

  test("a chain status that lacks a label is a schema that differs", async () => {
    for (const label of ["canonical", "pending"]) {
      const sql = `alter type chain_status_type rename value '${label}' to 'other'`;
      await using renamed = await changedCopy(whole, sql);
      const { exit, failed, stderr } = await failedOf(renamed);
      expect(exit, stderr).toBe(20);
      expect(failed).toContain("schema-equal");
    }
  });

  test("its VRF output is accepted and named, in all rows or in none", async () => {
    const sql = `update blocks set last_vrf_output =
      translate(encode(convert_to(last_vrf_output, 'UTF8'), 'base64'), '+/', '-_') where height between 2 and 55`;
    await using official = await changedCopy(living, sql);
    const { exit, report, stderr } = await failedOf(official);
    expect(exit, stderr).toBe(0);
    expect(report.archive?.accepted[0]).toMatchObject({ id: "official-vrf-output", repair: null });
    await using mixed = await changedCopy(living, sql.replace("55", "20"));
    const second = await failedOf(mixed);
    expect([second.exit, second.failed]).toEqual([20, ["precomputed-equal"]]);
    expect(second.stderr).toContain("height 21");
  });

  test("accounts of the fork genesis block are those of the block before it", async () => {
    const config = path.join(home, "fork-config.json");
    const named = async (sql: string) => {
      await using populated = await changedCopy(living, sql);
      return await failedOf(populated, ...withAll(), "--fork-genesis-config", config);
    };
    await writeFile(config, JSON.stringify({ ledger: { hash: await forkedLedgerHash() } }));
    const { exit, report, stderr } = await named(POPULATE);
    expect(exit, stderr).toBe(0);
    expect(report.archive?.accepted).toEqual([]);
    const check = report.checks.find(({ id }) => id === "fork-genesis-accounts")!;
    expect(check.compared).toBeGreaterThan(40);
    const altered =
      await named(`${POPULATE}; update accounts_accessed a set balance = '3' from blocks b
      where b.id = a.block_id and b.state_hash = '3NKfork' and a.ledger_index = 3`);
    expect([altered.exit, altered.failed]).toEqual([20, ["fork-genesis-accounts"]]);
  });
});

/** By the replay's own checkpoint. */
async function forkedLedgerHash(): Promise<string> {
  const meta = (await readdir(home)).find((name) => name.endsWith(".meta.json"))!;
  return JSON.parse(await readFile(path.join(home, meta), "utf8")).berkeley_ledger_hash;
}

const POPULATE = `insert into accounts_accessed
  select distinct on (a.account_identifier_id) a.ledger_index, f.id, a.account_identifier_id, a.token_symbol_id, a.balance,
         a.nonce, a.receipt_chain_hash, a.delegate_id, a.voting_for_id, a.timing_id, a.permissions_id, a.zkapp_id
  from accounts_accessed a join blocks b on b.id = a.block_id and b.height <= 55, blocks f
  where f.state_hash = '3NKfork' order by a.account_identifier_id, b.height desc`;

describe("its schema", () => {
  const upgrade = async (...forms: readonly string[]) =>
    (
      await Promise.all(forms.map((form) => readFile(path.join(SCHEMAS, `${form}.sql`), "utf8")))
    ).join(";\n");
  const applied = (protocol: string, migration: string) =>
    `insert into migration_history values (clock_timestamp(), '${protocol}', '${migration}', 'test', 'applied')`;

  test.each([
    ["0.0.5", ["0.0.5"]],
    ["documented", ["0.0.5", "documented"]],
    ["0.0.6", ["0.0.5", "documented", "0.0.6"]],
  ])("is Mesa's in the form %s, whether blocks go on or not", async (_form, forms) => {
    for (const archive of [living, whole]) {
      await using mesa = await changedCopy(archive, await upgrade(...forms));
      await changeDatabase(mesa, applied("4.0.0", forms.at(-1)!));
      const { exit, failed, report, stderr } = await failedOf(mesa);
      expect([exit, failed], stderr).toEqual([0, []]);
      expect(report.archive?.form).toMatch(/^Mesa, /);
      expect(report.answer).toBe("yes");
    }
  });

  test("that differs is the answer of one check", async () => {
    await using mesa = await changedCopy(living, await upgrade("0.0.5", "documented", "0.0.6"));
    await changeDatabase(
      mesa,
      `${applied("4.0.0", "0.0.6")}; drop index idx_blocks_height; drop index idx_voting_for_value`,
    );
    const { exit, failed, report } = await failedOf(mesa);
    expect([exit, failed]).toEqual([20, ["schema-equal"]]);
    expect(report.checks.find(({ id }) => id === "schema-equal")?.differenceCount).toBe(2);
  });

  test("with columns of another kind is one sentence", async () => {
    const sql = "alter table blocks alter global_slot_since_genesis type text";
    await using other = await changedCopy(living, sql);
    await expectRefusal(verification(other, ...withAll()), {
      exit: 78,
      says: ["blocks.global_slot_since_genesis is text, expected bigint"],
      next: "give an archive as its node made it",
    });
  });

  test.skipIf(!existsSync(sharedPath("cases/target")))(
    "is that of the cases, one after the other",
    async () => {
      await using target = await openTestDatabase(whole);
      const verified = async () => (await failedOf(target)).exit;
      for (const name of ["berkeley-goes-on", "mesa-shape"]) {
        await changeDatabase(
          target,
          await readFile(sharedPath(`cases/target/${name}.sql`), "utf8"),
        );
        expect(await verified(), name).toBe(0);
      }
      await changeDatabase(
        target,
        "update accounts_accessed set balance = '5' where block_id > 55",
      );
      await changeDatabase(
        target,
        "update blocks set ledger_hash = 'x', last_vrf_output = 'y' where height = 56",
      );
      expect(await verified()).toBe(0);
      await changeDatabase(
        target,
        "update accounts_accessed set balance = '1' where block_id = (select id from blocks where height = 20)",
      );
      const { exit, stderr } = await failedOf(target);
      expect(exit).toBe(20);
      expect(stderr).toContain("height 20,");
    },
  );
});

describe.skipIf(!existsSync(sharedPath("data/berkeley")))(
  "a real archive that began after the fork",
  () => {
    test.each(["3.0.0-54", "4.0.0-39"])("has no history of protocol 1.x: %s", async (name) => {
      await using archive = await openTestDatabase();
      const dump = sharedPath(`data/berkeley/local-network-${name}-blocks.sql.gz`);
      await runJson(["restore", "--dump", dump, "--db", archive.url]);
      await expectRefusal(verification(archive, ...blocks(), ...trusting()), {
        exit: 78,
        says: [
          "has no history of protocol 1.x: its first block",
          /at height 1, is of protocol version [34]\.0\.0/,
        ],
        next: "give an archive whose chain began before the Berkeley fork",
      });
    });
  },
);
