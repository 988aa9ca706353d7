// From every checkpoint of a chain, the rest gives the rows that a replay at once has written. A ledger
// that is that of the next checkpoint has the same rest, so that from each only as far is replayed.

import { readReplayBlocks } from "@forklift/archive";
import type { Account } from "@forklift/ledger";
import { applyBlock, loadCheckpoint, parseCheckpointName } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import { openTestSession, type TestDatabase } from "@forklift/testkit";
import { expect } from "vitest";

/** Returns the heights of the checkpoints. */
export async function expectSameRowsFromEach(
  storeUrl: string,
  target: TestDatabase,
): Promise<bigint[]> {
  await using session = await openTestSession(target);
  const recorded = await session.query<{ height: string; row: string }>(
    `select b.height, row(a.ledger_index, key.value, a.balance, a.nonce, a.receipt_chain_hash,
         delegate.value, vote.value, timing.initial_minimum_balance, timing.vesting_period,
         exists (select from accounts_created c where c.block_id = a.block_id
           and c.account_identifier_id = a.account_identifier_id))::text as row
     from accounts_accessed a
     join blocks b on b.id = a.block_id
     join account_identifiers account on account.id = a.account_identifier_id
     join public_keys key on key.id = account.public_key_id
     join public_keys delegate on delegate.id = a.delegate_id
     join voting_for vote on vote.id = a.voting_for_id
     join timing_info timing on timing.id = a.timing_id
     where b.height > 1 order by b.height, a.ledger_index`,
  );
  const rowsAt = new Map<string, string[]>();
  for (const { height, row } of recorded) {
    rowsAt.set(height, [...(rowsAt.get(height) ?? []), row]);
  }
  const checkpoints = await loadAll(storeUrl);
  for (const [index, { ledger, height }] of checkpoints.entries()) {
    const next = checkpoints[index + 1];
    if (next === undefined) break;
    for (const block of await readReplayBlocks(session, { from: height + 1n, to: next.height })) {
      const { accessed, created } = applyBlock(ledger, block);
      const rows = accessed.map((at) => rowOf(ledger.account(at), at, created.includes(at)));
      expect(rows).toEqual(rowsAt.get(`${block.height}`) ?? []);
    }
    expect(ledger.ledgerHash()).toBe(next.ledger.ledgerHash());
  }
  return checkpoints.map(({ height }) => height);
}

async function loadAll(storeUrl: string) {
  const store = openStore(storeUrl);
  const loaded = [];
  for await (const { name } of store.list()) {
    if (parseCheckpointName(name) === null) continue;
    const { ledger, meta } = await loadCheckpoint(
      { store, name },
      { winner: null, inform: () => undefined },
    );
    loaded.push({ ledger, height: meta!.height });
  }
  return loaded.sort((a, b) => Number(a.height - b.height));
}

/** As PostgreSQL prints a record; no value holds a comma or a quote. */
function rowOf(account: Account, index: number, isCreated: boolean): string {
  const { publicKey, balance, nonce, receiptChainHash, delegate, votingFor, timing } = account;
  const values = [
    ...[index, publicKey, balance, nonce, receiptChainHash, delegate, votingFor],
    ...[timing?.initialMinimumBalance ?? 0n, timing?.vestingPeriod ?? 0n, isCreated ? "t" : "f"],
  ];
  return `(${values.join(",")})`;
}
