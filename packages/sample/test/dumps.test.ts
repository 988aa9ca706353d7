// The nightly dumps, restored into a real server and compared with the block files.
// @module-tag only-in-all

import path from "node:path";
import { pathToFileURL } from "node:url";
import { decodeProtocolState, decodeStagedLedgerDiff } from "@forklift/ledger";
import { readCatalog } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import {
  forkliftJson,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSample, readBlocks, type SampleFolder, SMALL } from "./sample-folder.ts";

let sample: SampleFolder;
const nights: TestDatabase[] = [];

beforeAll(async () => {
  sample = await openSample();
  for (const dump of sample.summary.dumps) {
    const database = await openTestDatabase();
    nights.push(database);
    const url = pathToFileURL(path.join(sample.folder, "dumps", dump)).href;
    await forkliftJson(["restore", "--dump", url, "--db", database.url]);
  }
});

afterAll(async () => {
  for (const database of nights) await database[Symbol.asyncDispose]();
  await sample[Symbol.asyncDispose]();
});

async function query<Row extends object>(database: TestDatabase, sql: string): Promise<Row[]> {
  await using session = await openTestSession(database);
  return await session.query<Row>(sql);
}

test("a dump has the catalog of the old schema", async () => {
  await using session = await openTestSession(nights[0]!);
  expect(await readCatalog(session)).toStrictEqual((await readSchema("mainnet")).manifest);
});

test("every night tells the chain as it stood then", async () => {
  const tips = [20, 40, 60];
  for (const [night, database] of nights.entries()) {
    const rows = await query<{ status: string; lowest: number; highest: number; count: number }>(
      database,
      `select chain_status as status, min(height)::int as lowest, max(height)::int as highest,
              count(distinct height)::int as count
       from blocks group by 1 order by 1`,
    );
    const tip = tips[night]!;
    const decided = tip - SMALL.finality;
    const [canonical, orphaned, pending] = rows;
    expect(canonical).toEqual({ status: "canonical", lowest: 1, highest: decided, count: decided });
    expect(orphaned?.status).toBe("orphaned");
    expect(orphaned?.highest).toBeLessThanOrEqual(decided);
    expect(pending).toMatchObject({ status: "pending", lowest: decided + 1, highest: tip });
  }
});

test("no block is later than its night, and none of a night is missing in the next", async () => {
  const hashes = await Promise.all(
    nights.map(async (database, night) => {
      const rows = await query<{ state_hash: string; timestamp: string }>(
        database,
        'select state_hash, "timestamp" from blocks order by id',
      );
      const midnight = Date.UTC(2021, 2, 18 + night);
      expect(rows.filter(({ timestamp }) => Number(timestamp) >= midnight)).toStrictEqual([]);
      return rows.map(({ state_hash }) => state_hash);
    }),
  );
  for (const [night, known] of hashes.slice(0, -1).entries()) {
    expect(hashes[night + 1]!.slice(0, known.length)).toStrictEqual(known);
  }
  const files = await readBlocks(sample.folder);
  expect(hashes.at(-1)!.toSorted()).toStrictEqual(files.map(({ stateHash }) => stateHash).sort());
});

test("every block has its parent's id, and every sequence continues its column", async () => {
  const database = nights.at(-1)!;
  const astray = await query(
    database,
    `select b.state_hash from blocks b left join blocks p on p.id = b.parent_id
     where b.height > 1 and p.state_hash is distinct from b.parent_hash`,
  );
  expect(astray).toStrictEqual([]);
  for (const table of ["balances", "blocks", "epoch_data", "internal_commands", "user_commands"]) {
    const [row] = await query<{ next: string; last: number }>(
      database,
      `select nextval('${table}_id_seq') as next, max(id) as last from ${table}`,
    );
    expect(Number(row!.next), table).toBe(row!.last + 1);
  }
});

interface PlacedRow {
  readonly state_hash: string;
  readonly place: string;
}

function byBlock(rows: readonly PlacedRow[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { state_hash: stateHash, place } of rows) {
    places.set(stateHash, [...(places.get(stateHash) ?? []), place]);
  }
  return places;
}

test("the user commands of a block are what its file says", async () => {
  const rows = await query<PlacedRow>(
    nights.at(-1)!,
    `select b.state_hash, concat_ws(' ', i.sequence_no, c.hash, i.status, i.failure_reason,
            i.receiver_account_creation_fee_paid, payer.balance, source.balance,
            receiver.balance, c.nonce + 1 - payer.nonce) as place
     from blocks_user_commands i join blocks b on b.id = i.block_id
     join user_commands c on c.id = i.user_command_id
     left join balances payer on payer.id = i.fee_payer_balance
     left join balances source on source.id = i.source_balance
     left join balances receiver on receiver.id = i.receiver_balance
     order by i.block_id, i.sequence_no`,
  );
  const found = byBlock(rows);
  for (const { stateHash, json } of await readBlocks(sample.folder)) {
    let sequenceNo = 0;
    const expected: string[] = [];
    for (const { commands, internalCommandBalances } of decodeStagedLedgerDiff(
      json.staged_ledger_diff,
    )) {
      for (const included of commands) {
        const parts = [
          ...[sequenceNo++, included.command.hash, included.status, included.failureReason],
          ...[included.receiverCreationFeePaid, included.feePayerBalance],
          ...[included.sourceBalance, included.receiverBalance, 0],
        ];
        expected.push(parts.filter((part) => part !== null).join(" "));
      }
      sequenceNo += internalCommandBalances.length;
    }
    const places = found.get(stateHash) ?? [];
    expect(places, stateHash).toStrictEqual(expected);
  }
});

test("the internal commands of a block are counted and balanced as its file says", async () => {
  const rows = await query<PlacedRow>(
    nights.at(-1)!,
    `select b.state_hash, concat_ws(' ', i.sequence_no, i.secondary_sequence_no,
            case c.type when 'coinbase' then 0 else 1 end, a.balance) as place
     from blocks_internal_commands i join blocks b on b.id = i.block_id
     join internal_commands c on c.id = i.internal_command_id
     join balances a on a.id = i.receiver_balance and a.public_key_id = c.receiver_id
       and a.block_id = i.block_id and a.block_sequence_no = i.sequence_no
       and a.block_secondary_sequence_no = i.secondary_sequence_no and a.nonce is null
     order by i.block_id, 2`,
  );
  const found = byBlock(rows);
  for (const { stateHash, json } of await readBlocks(sample.folder)) {
    let sequenceNo = 0;
    const expected: string[] = [];
    for (const { commands, internalCommandBalances } of decodeStagedLedgerDiff(
      json.staged_ledger_diff,
    )) {
      sequenceNo += commands.length;
      for (const balances of internalCommandBalances) {
        const [first, second] =
          balances.kind === "coinbase"
            ? [`0 0 ${balances.receiver}`, `0 1 ${balances.feeTransferReceiver}`]
            : [`0 1 ${balances.receiver1}`, `1 1 ${balances.receiver2}`];
        expected.push(`${sequenceNo} ${first}`);
        if (!second.endsWith("null")) expected.push(`${sequenceNo} ${second}`);
        sequenceNo += 1;
      }
    }
    const places = found.get(stateHash) ?? [];
    expect(places.sort(), stateHash).toStrictEqual(expected.sort());
  }
});

test("genesis accounts with a schedule stand in timing_info, and epochs change", async () => {
  const database = nights.at(-1)!;
  const [timed] = await query<{ count: number }>(
    database,
    "select count(*)::int as count from timing_info where vesting_period > 0",
  );
  expect(timed!.count).toBeGreaterThan(50);
  const [epochs] = await query<{ count: number }>(
    database,
    "select count(distinct staking_epoch_data_id)::int as count from blocks",
  );
  expect(epochs!.count).toBeGreaterThanOrEqual(3);
});

test("the epoch ledger of a block's row is the one of its file", async () => {
  const rows = await query<{ state_hash: string; seed: string; ledger: string; snarked: string }>(
    nights.at(-1)!,
    `select b.state_hash, e.seed, l.value as ledger, s.value as snarked
     from blocks b join epoch_data e on e.id = b.next_epoch_data_id
     join snarked_ledger_hashes l on l.id = e.ledger_hash_id
     join snarked_ledger_hashes s on s.id = b.snarked_ledger_hash_id`,
  );
  const found = new Map(rows.map(({ state_hash, ...row }) => [state_hash, row]));
  for (const { stateHash, json } of await readBlocks(sample.folder)) {
    const { blockchainState, consensusState } = decodeProtocolState(json.protocol_state).body;
    const { seed, ledger } = consensusState.nextEpochData;
    const snarked = blockchainState.snarkedLedgerHash;
    expect(found.get(stateHash)).toEqual({ seed, ledger: ledger.hash, snarked });
  }
});
