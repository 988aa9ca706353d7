// Every block of a real nightly dump, orphans included, migrated and replayed: with the chain, and after it.
// @module-tag only-in-all

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
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
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ForkedArchive,
  forkedArchiveOf,
  recordedAccounts,
  type SeenBlock,
} from "./forked-archive.ts";

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
  let archive: ForkedArchive;
  let tip: SeenBlock;
  let chain: ReadonlySet<string>;
  let beside: readonly SeenBlock[];
  let recorded: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    archive = await openMainnet();
    tip = archive.mainAt(MAINNET.tipHeight);
    chain = new Set(archive.chainOf(tip.stateHash).map(({ stateHash }) => stateHash));
    beside = archive.blocks.filter(({ stateHash }) => !chain.has(stateHash));
  });

  afterAll(async () => {
    await archive[Symbol.asyncDispose]();
  });

  test("every block is replayed with the chain, and every recorded balance compared", async () => {
    expect(archive.blocks).toHaveLength(BLOCKS);
    const target = await archive.complete(tip.stateHash);
    const [replayed, branches] = await archive.replay(target, { more: { threads: 2 } });
    expect(replayed!.details).toMatchObject({
      ...{ branchBlocks: beside.length, ledgerHashesCompared: BLOCKS - 1 },
    });
    expect(branches!.skipped).toBeDefined();
    recorded = await recordedAccounts(target);
    const hasRows = archive.blocks.filter(({ commands, height }) => commands > 0 || height === 1n);
    expect(recorded.size).toBe(hasRows.length);
    expect(await sharedIndexes(target)).toBeGreaterThan(0);
  });

  test("orphans that come after the chain give the same rows", async () => {
    const target = await archive.migrated(tip.stateHash);
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-branches-"));
    await archive.replay(target, { folder });
    const ofChain = new Map([...recorded].filter(([stateHash]) => chain.has(stateHash)));
    expect(await recordedAccounts(target)).toEqual(ofChain);
    // Those whose branches begin near the checkpoint of the tip, then all others.
    const isHigh = ({ stateHash }: SeenBlock) =>
      archive.chainOf(stateHash).every((one) => chain.has(one.stateHash) || one.height > 1_500n);
    for (const some of [beside.filter(isHigh), beside.filter((one) => !isHigh(one))]) {
      await archive.addBranches(target, some);
      const [, branches] = await archive.replay(target, { folder });
      const branchBlocks = some.filter(({ commands }) => commands > 0).length;
      expect(branches!.details).toMatchObject({ branchBlocks });
    }
    expect(await recordedAccounts(target)).toEqual(recorded);
  });
});
