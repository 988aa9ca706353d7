// The pending blocks of a source that grows: forks of every depth, rows that are wrong or missing, interruptions.
// @module-tag only-in-all

import { databaseContents } from "@forklift/testkit";
import { expect, test } from "vitest";
import { FINALITY, openTailSandbox, type TailSandbox } from "./tail-sandbox.ts";

/** Rival branches of every length up to the finality, from these heights on. */
const FORKS: Readonly<Record<number, number>> = { 4: FINALITY, 9: 1, 11: 2, 14: 3, 17: 2 };
const forkLength = (height: number) => FORKS[height] ?? 0;

interface SqlTail {
  readonly blocks: number;
  readonly beside: number;
  readonly forks: number;
  readonly top: string;
  readonly tips: readonly string[];
}

/** The pending tail by links alone, asked of the server. */
async function tailInSql({ reader }: TailSandbox): Promise<SqlTail> {
  const [row] = await reader.query<SqlTail>(
    `with recursive base as (
       select state_hash, height from blocks where chain_status = 'canonical'
       order by height desc limit 1
     ), tail as (
       select b.state_hash, b.parent_hash, b.height from blocks b join base on b.parent_hash = base.state_hash
       union all
       select b.state_hash, b.parent_hash, b.height from blocks b join tail on b.parent_hash = tail.state_hash
     )
     select (select count(*)::int from tail) as blocks,
            (select count(*)::int from blocks where chain_status = 'pending'
             and state_hash not in (select state_hash from tail)) as beside,
            (select count(*)::int from (
               select from tail group by parent_hash having count(*) > 1) split) as forks,
            (select max(height) from (
               select height from tail union all select height from base) any_block) as top,
            array(select state_hash from tail where state_hash not in (select parent_hash from tail)
                  order by height desc, state_hash desc) as tips`,
  );
  return row!;
}

test("a pending tail is proven at every height of a chain with forks of every depth", async () => {
  await using sandbox = await openTailSandbox({ forkLength });
  const tail = sandbox.openTail();
  const seen = new Set<string>();
  let beside = 0;
  for (let height = 2; height <= 20; height++) {
    await sandbox.source.grow(1);
    const block = await sandbox.canonical();
    const report = await sandbox.prove(tail);
    const expected = await tailInSql(sandbox);
    expect(report).toMatchObject({
      ...{ height: block.height, stateHash: block.stateHash },
      ...{ provenTo: BigInt(expected.top), blocks: expected.blocks, proven: expected.blocks },
      ...{ forks: expected.forks, beside: expected.beside, differences: [], notProven: [] },
    });
    expect(report.tips.map(({ stateHash }) => stateHash)).toStrictEqual(expected.tips);
    expect(report.tips.every((tip) => tip.provenTo === tip.height)).toBe(true);
    for (const tip of expected.tips) seen.add(tip);
    beside += report.beside;
  }
  // Every block was the tip of something when it came, and branches were left behind.
  const arrived = sandbox.source.arrived.map(({ stateHash }) => stateHash);
  const rivals = sandbox.source.arrived.filter(({ isRival }) => isRival);
  expect(rivals).toHaveLength(12);
  expect(arrived.filter((stateHash) => seen.has(stateHash)).length).toBeGreaterThan(19);
  expect(beside).toBeGreaterThan(0);
});

test("a pending tail writes nothing", async () => {
  await using sandbox = await openTailSandbox({ forkLength });
  await sandbox.source.grow(10);
  const before = await databaseContents(sandbox.source.url);
  await sandbox.prove(sandbox.openTail());
  expect(await databaseContents(sandbox.source.url)).toStrictEqual(before);
});

test.for([
  ["amount", "receiver_id, fee + 1"],
  ["account", "1, fee"],
])("a pending tail says of a block with another %s what follows from it", async ([, columns]) => {
  await using sandbox = await openTailSandbox({ forkLength: (h) => (h === 8 ? 1 : 0) });
  await sandbox.source.grow(9);
  const stays = sandbox.source.arrived.filter(({ isRival }) => !isRival);
  const wrong = stays.find(({ height }) => height === 8n)!;
  // A row may be that of several coinbases: the block is given one of its own.
  await sandbox.change(
    `with coinbase as (
       select c.* from blocks_internal_commands bc
       join internal_commands c on c.id = bc.internal_command_id and c.type = 'coinbase'
       where bc.block_id = (select id from blocks where state_hash = '${wrong.stateHash}')
     ), other as (
       insert into internal_commands (id, type, receiver_id, fee, token, hash)
       select 1000000, type, ${columns}, token, 'other' from coinbase returning id
     )
     update blocks_internal_commands set internal_command_id = (select id from other)
     where internal_command_id = (select id from coinbase)
       and block_id = (select id from blocks where state_hash = '${wrong.stateHash}')`,
  );
  const tail = sandbox.openTail();
  for (let look = 0; look < 2; look++) {
    const report = await sandbox.prove(tail);
    expect(report.differences).toMatchObject([
      { height: 8n, stateHash: wrong.stateHash, expected: wrong.ledgerHash, isOnBestChain: true },
    ]);
    expect(report.differences[0]!.found).not.toBe(wrong.ledgerHash);
    expect(report.notProven.map(({ height }) => height)).toStrictEqual([9n, 10n]);
    expect(report).toMatchObject({ provenTo: 7n, blocks: 5, proven: 2 });
    expect(report.tips.map(({ height, provenTo }) => [height, provenTo])).toStrictEqual([
      [10n, 7n],
      [8n, 8n],
    ]);
  }
});

test("a pending tail takes the whole block back where a command came to another status", async () => {
  await using sandbox = await openTailSandbox({ commandsPerBlock: 8 });
  await sandbox.source.grow(8);
  const [row] = await sandbox.reader.query<{ height: string; state_hash: string; seq: number }>(
    `select b.height, b.state_hash, max(c.sequence_no) as seq from blocks b
     join blocks_user_commands c on c.block_id = b.id
     where b.chain_status = 'pending' and c.status = 'applied' and b.height < 9
     group by 1, 2 order by 1 limit 1`,
  );
  await sandbox.change(
    `update blocks_user_commands set status = 'failed', failure_reason = 'Predicate'
     where sequence_no = $2 and block_id = (select id from blocks where state_hash = $1)`,
    [row!.state_hash, row!.seq],
  );
  const height = BigInt(row!.height);
  const tail = sandbox.openTail();
  const report = await sandbox.prove(tail);
  expect(report.differences).toMatchObject([{ height, stateHash: row!.state_hash, found: null }]);
  expect(report.differences[0]!.error.message).toContain("is recorded as failed (Predicate)");
  expect(report).toMatchObject({ provenTo: height - 1n });
  expect(report.notProven.at(-1)).toMatchObject({ height: 9n });
  await sandbox.change(
    `update blocks_user_commands set status = 'applied', failure_reason = null
     where sequence_no = $2 and block_id = (select id from blocks where state_hash = $1)`,
    [row!.state_hash, row!.seq],
  );
  expect(await sandbox.prove(tail)).toMatchObject({ differences: [], provenTo: 9n });
});

test("a pending tail reports blocks above a missing one as not proven", async () => {
  await using sandbox = await openTailSandbox({ forkLength: () => 0 });
  await sandbox.source.grow(9);
  const [missing, child, grandchild] = sandbox.source.arrived.slice(-3);
  await sandbox.change(
    `update blocks set parent_id = null where state_hash = '${child!.stateHash}';
     delete from balances where block_id =
       (select id from blocks where state_hash = '${missing!.stateHash}');
     delete from blocks where state_hash = '${missing!.stateHash}'`,
  );
  const report = await sandbox.prove(sandbox.openTail());
  expect(report.notProven).toStrictEqual([
    {
      ...{ height: child!.height, stateHash: child!.stateHash },
      reason: `has parent ${missing!.stateHash}, which the source does not hold`,
    },
    {
      ...{ height: grandchild!.height, stateHash: grandchild!.stateHash },
      reason: `descends from such a block, ${child!.stateHash}`,
    },
  ]);
  expect(report).toMatchObject({ differences: [], provenTo: missing!.height - 1n });
});

test("a pending tail is bounded, and says where it was cut", async () => {
  await using sandbox = await openTailSandbox({ forkLength: () => 0 });
  await sandbox.source.grow(4);
  const block = await sandbox.canonical();
  await sandbox.source.grow(8);
  const tail = sandbox.openTail({ blocksMax: 6 });
  const report = await sandbox.prove(tail, { block });
  expect(report).toMatchObject({ blocks: 6, proven: 6, provenTo: block.height + 6n });
  expect(report.notProven).toMatchObject([{ height: block.height + 7n }]);
  expect(report.notProven[0]!.reason).toContain("more blocks are pending than are replayed");
  expect(report.cutAt).toMatchObject({ height: block.height + 7n });
  expect(tail.reaches({ height: block.height + 2n })).toBe(true);
  expect(tail.reaches({ height: block.height + 3n })).toBe(false);
  await expect(sandbox.prove(tail)).rejects.toThrow("is out of reach of the ledger in memory");
});

test("a pending tail that was cut goes on with each block that the target gains, until it is whole", async () => {
  await using sandbox = await openTailSandbox({ forkLength: () => 0 });
  await sandbox.source.grow(28);
  const tip = sandbox.source.tip.height;
  const tail = sandbox.openTail({ blocksMax: 20 });
  for (const [height, applied] of [
    [1n, 20],
    [3n, 2],
    [4n, 1],
    [8n, 4],
  ] as const) {
    const report = await sandbox.prove(tail, { block: await sandbox.canonicalAt(height) });
    expect(report).toMatchObject({
      applied,
      provenTo: height + 20n,
      cutAt: { height: height + 21n },
    });
    expect(report.notProven).toHaveLength(1);
  }
  const whole = await sandbox.prove(tail, { block: await sandbox.canonicalAt(9n) });
  expect(whole).toMatchObject({ applied: 1, provenTo: tip, cutAt: null, notProven: [] });
});

test("a pending tail that was interrupted is good for another look", async () => {
  await using sandbox = await openTailSandbox({ forkLength });
  await sandbox.source.grow(12);
  const tail = sandbox.openTail();
  const stop = () => Promise.reject(new Error("stopped by the test"));
  await expect(sandbox.prove(tail, { pause: stop })).rejects.toThrow("stopped by the test");
  const whole = await sandbox.prove(tail);
  expect(whole).toStrictEqual(await sandbox.prove(sandbox.openTail()));
  expect(whole.provenTo).toBe(whole.tips[0]!.height);
});

test("a pending tail refuses a source that does not lead to the block", async () => {
  await using sandbox = await openTailSandbox();
  await using foreign = await openTailSandbox({ seed: 2 });
  await sandbox.source.grow(8);
  await foreign.source.grow(8);
  const block = await foreign.canonical();
  await expect(sandbox.prove(sandbox.openTail(), { block })).rejects.toMatchObject({
    message: expect.stringContaining(`to block ${block.stateHash} at height ${block.height}`),
  });
});

test("a pending tail refuses a block of which the source has two rows", async () => {
  await using sandbox = await openTailSandbox();
  await sandbox.source.grow(6);
  const { stateHash, height } = sandbox.source.tip;
  await sandbox.change(
    `alter table blocks drop constraint blocks_state_hash_key;
     create temp table twin as select * from blocks where state_hash = '${stateHash}';
     update twin set id = 1000000; insert into blocks select * from twin`,
  );
  await expect(sandbox.prove(sandbox.openTail())).rejects.toMatchObject({
    message: expect.stringContaining(`block ${stateHash} at height ${height} has several rows`),
  });
});

test("a pending tail refuses a ledger that is not that of its block", async () => {
  await using sandbox = await openTailSandbox();
  await sandbox.source.grow(8);
  const canonical = await sandbox.canonical();
  const tail = sandbox.openTail({ root: canonical });
  await expect(sandbox.prove(tail)).rejects.toThrow(
    `has ledger hash ${canonical.ledgerHash}, the ledger in memory gives`,
  );
});

test("a pending tail proves the chain beside a rival whose command came to another status", async () => {
  await using sandbox = await openTailSandbox({
    commandsPerBlock: 8,
    forkLength: (height) => (height === 7 ? 3 : 0),
  });
  await sandbox.source.grow(11);
  const rivals = sandbox.source.arrived.filter(({ isRival }) => isRival);
  // The first of the three that holds a payment that was applied.
  const [row] = await sandbox.reader.query<{ height: string; state_hash: string; seq: number }>(
    `select b.height, b.state_hash, min(c.sequence_no) as seq from blocks b
     join blocks_user_commands c on c.block_id = b.id
     where b.state_hash = any($1) and c.status = 'applied' group by 1, 2 order by 1 limit 1`,
    [rivals.map(({ stateHash }) => stateHash)],
  );
  const block = await sandbox.canonical();
  expect(block.height).toBe(8n);
  await sandbox.change(
    `update blocks_user_commands set status = 'failed', failure_reason = 'Predicate'
     where sequence_no = $2 and block_id = (select id from blocks where state_hash = $1)`,
    [row!.state_hash, row!.seq],
  );
  // As it was when the rivals had not lost yet.
  await sandbox.change("update blocks set chain_status = 'pending' where height > 6");
  const height = BigInt(row!.height);
  const report = await sandbox.prove(sandbox.openTail());
  expect(report.differences).toMatchObject([{ height, found: null, isOnBestChain: false }]);
  expect(report.notProven.map((other) => other.height)).toStrictEqual(
    rivals.map((rival) => rival.height).filter((other) => other > height),
  );
  expect(report).toMatchObject({ height: 6n, blocks: 9, provenTo: height - 1n });
  expect(report.tips[0]).toMatchObject({ height: 12n, provenTo: 12n });
});

test("a pending tail leaves out what hangs below the height that is decided", async () => {
  await using sandbox = await openTailSandbox({ forkLength: (height) => (height === 5 ? 4 : 0) });
  await sandbox.source.grow(9);
  const [orphan, second] = sandbox.source.arrived.filter(({ isRival }) => isRival);
  expect(orphan!.height).toBe(5n);
  const before = await sandbox.prove(sandbox.openTail());
  expect(before).toMatchObject({ height: 6n, beside: 2, provenTo: 10n });
  await sandbox.change(
    `update blocks set parent_id = null where parent_hash = '${second!.stateHash}';
     delete from balances where block_id =
       (select id from blocks where state_hash = '${second!.stateHash}');
     delete from blocks where state_hash = '${second!.stateHash}'`,
  );
  expect(await sandbox.prove(sandbox.openTail())).toStrictEqual(before);
});
