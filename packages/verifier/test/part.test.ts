// The part of an archive that hangs on blocks up to a height, and the pending blocks at its end.

import { parseStateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession, type TestDatabase } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { partUpTo } from "../src/part.ts";
import { readPendingTail } from "../src/pending-tail.ts";
import type { FilledTable } from "../src/tables.ts";

const { manifest, tables, keys } = await readSchema("berkeley");

const stateHash = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");

let database: TestDatabase;
let session: Session;

/** Without foreign keys: blocks 1 to 600 by creator 1, and 601 to 610 by creator 2; what else there is says its test. */
beforeAll(async () => {
  database = await openTestDatabase();
  session = await openTestSession(database);
  await session.query(
    `${tables}; ${keys};
     insert into blocks (id, state_hash, parent_hash, creator_id, block_winner_id, last_vrf_output,
       snarked_ledger_hash_id, staking_epoch_data_id, next_epoch_data_id, min_window_density,
       sub_window_densities, total_currency, ledger_hash, height, global_slot_since_hard_fork,
       global_slot_since_genesis, protocol_version_id, "timestamp", chain_status)
     select n, case n when 600 then '${stateHash}' else 's' || n end, 's' || n - 1,
            case when n <= 600 then 1 else 2 end, 3, 'v', 1, 1, 1, 1, '{1}', '1', 'l', n, n, n, 1, '1', 'canonical'
     from generate_series(1, 610) n;
     insert into public_keys (id, value) select n, 'k' || n from generate_series(1, 9) n;
     insert into user_commands (id, command_type, fee_payer_id, source_id, receiver_id, nonce, amount, fee, memo, hash)
     values (1, 'payment', 4, 4, 5, 1, '1', '1', 'm', 'h1'), (2, 'payment', 6, 6, 7, 1, '1', '1', 'm', 'h2');
     insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
     values (600, 1, 0, 'applied'), (601, 1, 0, 'applied'), (601, 2, 1, 'applied');
     insert into account_identifiers (id, public_key_id, token_id) values (1, 8, 1), (2, 9, 1);
     insert into accounts_created (block_id, account_identifier_id, creation_fee)
     values (600, 1, '1'), (601, 2, '1')`,
  );
});
afterAll(async () => {
  await session.close();
  await database[Symbol.asyncDispose]();
});

const part = partUpTo(600n, manifest);

async function within(table: FilledTable, column: string): Promise<number[]> {
  const rows = await session.query<{ value: number }>(
    `select ${column} as value from ${table} t where ${part.within(table)} order by 1`,
  );
  return rows.map(({ value }) => value);
}

test("the blocks up to the height, and what hangs on them", async () => {
  expect(await within("blocks", "id")).toHaveLength(600);
  expect(await within("blocks_user_commands", "block_id")).toEqual([600]);
  expect(await within("accounts_created", "block_id")).toEqual([600]);
});

test("what they refer to, and what that refers to, be it that later blocks do so as well", async () => {
  expect(await within("user_commands", "id")).toEqual([1]);
  expect(await within("account_identifiers", "id")).toEqual([1]);
  expect(await within("public_keys", "id")).toEqual([1, 3, 4, 5, 8]);
});

test.each([
  ["none", "height = 0", null],
  ["the last block", "height = 600", 600n],
  ["the last blocks", "height between 400 and 600", 400n],
  ["those behind a canonical one", "height between 500 and 600 and height <> 590", 591n],
  ["no more than an archive node waits for", "height <= 600", 311n],
  ["those at the end alone", "height = 599", null],
])("of pending blocks accepted: %s", async (_what, where, lowest) => {
  await session.query(`begin; update blocks set chain_status = 'pending' where ${where}`);
  const found = await readPendingTail(session, { height: 600n, stateHash });
  await session.query("rollback");
  expect(found?.fromHeight ?? null).toBe(lowest);
  if (lowest !== null) expect(found!.ids).toHaveLength(Number(601n - lowest));
});
