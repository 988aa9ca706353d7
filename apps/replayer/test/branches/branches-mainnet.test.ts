// Every block of a real nightly dump, orphans included, migrated and replayed: with the chain, and after it.
// @module-tag only-in-all

import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import {
  isMainnetDataMissing,
  LEDGER,
  MAINNET,
  mainnetUrl,
  openRestoredDump,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { type ForkedArchive, forkedArchiveOf, recordedAccounts } from "./forked-archive.ts";

/** Of the dump of that night, genesis among them. */
const BLOCKS = 3_902;

async function openMainnet(): Promise<ForkedArchive> {
  const network = await loadNetwork("mainnet");
  const source = await openRestoredDump(MAINNET.dumps[3]);
  await using session = await openTestSession(source);
  const chain = await session.query<{ state_hash: string }>(
    `with recursive chain as (
       select state_hash, parent_id from blocks where state_hash = $1
       union all select b.state_hash, b.parent_id from chain join blocks b on b.id = chain.parent_id)
     select state_hash from chain`,
    [MAINNET.tip],
  );
  return await forkedArchiveOf({
    ...{ source, network, blocks: mainnetUrl(MAINNET.blocks) },
    genesisLedger: await loadGenesisLedger(network, LEDGER),
    main: chain.map(({ state_hash }) => state_hash),
  });
}

/** Ledger indexes that are one account's on the chain and another one's on a branch. */
async function sharedIndexes(target: TestDatabase): Promise<number> {
  await using session = await openTestSession(target);
  const [row] = await session.query<{ count: number }>(
    `with placed as (
       select distinct b.chain_status = 'canonical' as is_canonical, a.ledger_index, a.account_identifier_id
       from accounts_accessed a join blocks b on b.id = a.block_id)
     select count(*)::int as count from placed one join placed other using (ledger_index)
     where one.is_canonical and not other.is_canonical
       and one.account_identifier_id <> other.account_identifier_id`,
  );
  return row!.count;
}

describe.skipIf(isMainnetDataMissing())("on real mainnet data", () => {
  test("every block is replayed, with the chain or after it, and every recorded balance compared", async () => {
    await using archive = await openMainnet();
    const tip = archive.mainAt(MAINNET.tipHeight);
    expect(archive.blocks).toHaveLength(BLOCKS);
    const chain = new Set(archive.chainOf(tip.stateHash));
    const beside = archive.blocks.filter((block) => !chain.has(block));

    const atOnce = await archive.complete(tip.stateHash);
    const [replayed] = await archive.replay(atOnce, { more: { threads: 2 } });
    expect(replayed!.details).toMatchObject({
      ...{ branchBlocks: beside.length, ledgerHashesCompared: BLOCKS - 1 },
    });
    const recorded = await recordedAccounts(atOnce);
    const hasRows = archive.blocks.filter(({ commands, height }) => commands > 0 || height === 1n);
    expect(recorded.size).toBe(hasRows.length);
    expect(await sharedIndexes(atOnce)).toBeGreaterThan(0);

    const later = await archive.migrated(tip.stateHash);
    await archive.replay(later, { more: { threads: 2 } });
    expect(await recordedAccounts(later)).toEqual(
      new Map(
        [...recorded].filter(([stateHash]) =>
          [...chain].some((block) => block.stateHash === stateHash),
        ),
      ),
    );
    await archive.addBranches(later, beside);
    const [, branches] = await archive.replay(later, { more: { threads: 2 } });
    const work = beside.filter(({ commands }) => commands > 0);
    expect(branches!.details).toMatchObject({ branchBlocks: work.length });
    expect(await recordedAccounts(later)).toEqual(recorded);
  });
});
