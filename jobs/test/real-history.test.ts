// Every block of real archives, on the chain and beside it: migrated, replayed and verified by the commands; and
// their chain is, row by row, that of a canonical migration.
// @module-tag only-in-all

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
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
import { describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const { runJson } = inProcess(forklift);

const GENESIS = ["--network", "mainnet", "--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)];
const BLOCKS = ["--blocks", mainnetUrl(MAINNET.blocks)];

interface Lifted {
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  readonly tip: string;
  readonly history: "canonical" | "all";
}

interface Verified {
  readonly answer: string;
  readonly beside?: {
    readonly orphaned: number;
    readonly pending: number;
    readonly missing: number;
  };
  readonly checks: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly compared: number;
  }[];
}

async function lift({ source, target, tip, history }: Lifted): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-real-history-"));
  const databases = ["--source-db", source.url, "--target-db", target.url];
  await runJson([
    ...["migrate", ...GENESIS, ...databases, ...BLOCKS],
    ...["--history", history, "--fork-state-hash", tip],
  ]);
  await runJson(["replay", ...GENESIS, ...databases, "--checkpoints", home]);
  await rm(home, { recursive: true });
}

async function expectProven({ source, target, tip, history }: Lifted, blocks: number) {
  const report = await runJson<Verified>([
    ...["verify", ...GENESIS, "--source-db", source.url, "--target-db", target.url, ...BLOCKS],
    ...["--history", history, "--trusted-state-hash", tip],
  ]);
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  const hashes = report.checks.find(({ id }) => id === "ledger-hash-at-every-block")!;
  expect(hashes.compared).toBe(blocks);
  return report.beside!;
}

/** Two histories of 3,902 and 2,025 blocks, on a machine with other work. */
const TIMEOUT_MS = 900_000;

/** A row without its ids, each of them with what it stands for. */
const valued = (row: string, values: string) =>
  `(select jsonb_object_agg(key, value) from jsonb_each(to_jsonb(${row})) where key !~ '(^|_)id$')
   || jsonb_build_object(${values})`;
const key = (id: string) => `(select value from public_keys where id = ${id})`;
const bare = (table: string, id: string) =>
  `(select ${valued("t", "")} from ${table} t where t.id = ${id})`;
const epoch = (id: string) =>
  `(select ${valued("e", "'ledger', (select value from snarked_ledger_hashes where id = e.ledger_hash_id)")}
    from epoch_data e where e.id = ${id})`;
const account = (id: string) =>
  `'account', (select jsonb_build_array(${key("i.public_key_id")}, ${bare("tokens", "i.token_id")})
    from account_identifiers i where i.id = ${id})`;

/** What hangs on blocks: its row of values `row` and the block's id. */
const TABLES: Readonly<Record<string, string>> = {
  blocks: `select b.id, ${valued(
    "b",
    `'parent', (select state_hash from blocks where id = b.parent_id), 'creator', ${key("b.creator_id")},
     'winner', ${key("b.block_winner_id")}, 'staking', ${epoch("b.staking_epoch_data_id")},
     'next', ${epoch("b.next_epoch_data_id")}, 'version', ${bare("protocol_versions", "b.protocol_version_id")},
     'snarked', (select value from snarked_ledger_hashes where id = b.snarked_ledger_hash_id)`,
  )} as row from blocks b`,
  user_commands: `select j.block_id as id, ${valued(
    "j",
    `'command', ${valued(
      "c",
      `'payer', ${key("c.fee_payer_id")}, 'source', ${key("c.source_id")}, 'receiver', ${key("c.receiver_id")}`,
    )}`,
  )} as row from blocks_user_commands j join user_commands c on c.id = j.user_command_id`,
  internal_commands: `select j.block_id as id, ${valued(
    "j",
    `'command', ${valued("c", `'receiver', ${key("c.receiver_id")}`)}`,
  )} as row from blocks_internal_commands j join internal_commands c on c.id = j.internal_command_id`,
  accounts_accessed: `select a.block_id as id, ${valued(
    "a",
    `${account("a.account_identifier_id")}, 'delegate', ${key("a.delegate_id")},
     'symbol', ${bare("token_symbols", "a.token_symbol_id")}, 'voting', ${bare("voting_for", "a.voting_for_id")},
     'timing', ${bare("timing_info", "a.timing_id")},
     'permissions', ${bare("zkapp_permissions", "a.permissions_id")}, 'zkapp', a.zkapp_id`,
  )} as row from accounts_accessed a`,
  accounts_created: `select a.block_id as id, ${valued("a", account("a.account_identifier_id"))} as row
    from accounts_created a`,
};

/** Of the chain: of each table and height the number of rows and a digest of their values. */
async function chainOf(target: TestDatabase): Promise<unknown> {
  await using session = await openTestSession(target);
  const found: Record<string, unknown> = {};
  for (const [table, rows] of Object.entries(TABLES)) {
    found[table] = await session.query(
      `select b.height, count(*), md5(string_agg(r.row::text, ' ' order by r.row::text)) as digest
       from (${rows}) r join blocks b on b.id = r.id where b.chain_status = 'canonical'
       group by b.height order by b.height`,
    );
  }
  return found;
}

async function expectWhole(source: TestDatabase, tip: string, height: number, blocks: number) {
  await using target = await openTestDatabase();
  const whole = { source, target, tip, history: "all" } as const;
  await lift(whole);
  const { orphaned, pending, missing } = await expectProven(whole, blocks);
  expect([orphaned + pending, missing]).toEqual([blocks - height, 0]);
  await using canonical = await openTestDatabase();
  await lift({ source, target: canonical, tip, history: "canonical" });
  const chain = await chainOf(canonical);
  expect(await chainOf(target)).toEqual(chain);

  // The comparison sees a value that differs.
  await using session = await openTestSession(target);
  await session.query(
    `update accounts_accessed set balance = '1' where (block_id, account_identifier_id) = (
       select a.block_id, a.account_identifier_id from accounts_accessed a
       join blocks b on b.id = a.block_id where b.chain_status = 'canonical' order by 1, 2 limit 1)`,
  );
  expect(await chainOf(target)).not.toEqual(chain);
}

describe.skipIf(isMainnetDataMissing())("mainnet up to 2025", () => {
  test("all 3,902 blocks of the last dump are proven, and the chain is that of a canonical migration", {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using source = await openRestoredDump(MAINNET.dumps[3]);
    await expectWhole(source, MAINNET.tip, MAINNET.tipHeight, 3902);
  });
});

describe.skipIf(isRealArchiveMissing())("the archive of a real node", () => {
  test("all 1,063 blocks are proven, and the chain is that of a canonical migration", async () => {
    await using source = await openRestored(mainnetUrl(REAL_ARCHIVE.release2));
    await expectWhole(source, REAL_ARCHIVE.tip, REAL_ARCHIVE.tipHeight, 1063);
  });
});
