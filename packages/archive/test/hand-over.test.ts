// What a hand-over says of an archive that holds blocks beside its chain: the queries and the repairs are for whoever
// goes on with it.

import type { Session } from "@forklift/postgres";
import { expect, test } from "vitest";
import { countBlocksNotMigrated } from "../src/source/not-migrated.ts";
import { forkRepairs } from "../src/target/fork-repairs.ts";
import { countAccounts } from "../src/target/hand-over-questions.ts";
import { openNewArchive } from "./new-archive.ts";
import { chain, hashOf, openOldArchive } from "./old-archive.ts";

const RECORDED = [1, 2, 3, 4].map((height) => ({ height, isRecorded: true }));

/** A block beside the chain at height 4, which opens an account. */
async function addOrphan(session: Session): Promise<void> {
  await session.query(
    `insert into blocks
     select (jsonb_populate_record(b, jsonb_build_object('id', 9, 'state_hash', $1::text, 'chain_status', 'orphaned'))).*
     from blocks b where height = 4`,
    [hashOf("4 orphaned")],
  );
  await session.query(
    `insert into accounts_accessed
     select (jsonb_populate_record(a, '{"block_id": 9, "account_identifier_id": 9}')).*
     from accounts_accessed a where block_id = 4`,
  );
}

test("a block beside the chain is none that is to become canonical, and its accounts are none of the ledger", async () => {
  await using archive = await openNewArchive(RECORDED);
  const { session } = archive;
  await addOrphan(session);
  const accountCount = await countAccounts(session);
  expect(accountCount).toBe("4");
  const [chain] = forkRepairs({ height: 4, stateHash: hashOf("4"), accountCount });
  const { check, repair } = chain!;
  const count = async () => (await session.query<{ count: string }>(check.sql))[0]!.count;
  expect([await count(), check.expected]).toEqual(["0", "0"]);
  await session.query("update blocks set chain_status = 'pending' where id in (3, 4)");
  expect(await count()).toBe("2");
  await session.query(repair);
  expect(await count()).toBe("0");
  const beside = await session.query("select id from blocks where chain_status <> 'canonical'");
  expect(beside).toEqual([{ id: 9 }]);
});

test("only what no history has migrated is left behind", async () => {
  const [first, ...above] = chain("1-2-3-4-5", { parent: null, height: 1 }, "canonical");
  const beside = chain("4b-5b", { parent: "3", height: 4 }, "orphaned");
  await using source = await openOldArchive([first!, ...above, ...beside]);
  await using archive = await openNewArchive(RECORDED);
  const left = () => countBlocksNotMigrated(source.session, archive.session, 4);
  expect(await left()).toEqual({ orphaned: 1, above: 2 });
  await addOrphan(archive.session);
  expect(await left()).toEqual({ orphaned: 0, above: 2 });
});
