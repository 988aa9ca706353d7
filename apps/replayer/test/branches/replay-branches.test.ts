// Branches beside a target's chain, replayed: what is recorded of each block is what a chain that ends with it gives.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { progressMarks, saveProgressMark } from "@forklift/archive";
import { ConfigError, VerificationError } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { databaseContents, type TestDatabase } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BRANCH_BLOCKS_MAX } from "../../src/batches/read-blocks.ts";
import { replayBranches } from "../../src/stages/replay-branches.ts";
import { replayCommands } from "../../src/stages/replay-commands.ts";
import { planUnwind } from "../../src/unwind/plan-unwind.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import {
  type ForkedArchive,
  openForkedArchive,
  recordedAccounts,
  type SeenBlock,
} from "./forked-archive.ts";

/** Every third height or so has a rival branch; the sample's own chain is one as well, above the tip. */
const FORKS = { forkLength: (height: number) => [0, 3, 0, 1, 0, 0, 4][height % 7]! };

const change = async ({ url }: TestDatabase, sql: string, params?: readonly unknown[]) => {
  await using session = await connect(url, { applicationName: "forklift test" });
  return await session.query(sql, params);
};

/** The sample has blocks without any. */
const withCommands = (blocks: readonly SeenBlock[]) =>
  blocks.filter(({ commands }) => commands > 0);

const newFolder = () => mkdtemp(path.join(tmpdir(), "forklift-branches-"));

test("forks of forks are replayed with the chain, and every row is that of the block's own chain", async () => {
  await using archive = await openForkedArchive(17, {
    ...FORKS,
    accounts: 30,
    commandsPerBlock: 2,
  });
  const target = await archive.complete(archive.mainAt(9).stateHash);
  const [commands, branches] = await archive.replay(target);
  expect(commands!.details).toMatchObject({ branchBlocks: archive.blocks.length - 9 });
  expect(branches!.skipped).toBe("every block beside the chain has been replayed already");
  const found = await recordedAccounts(target);
  const tip = archive.mainAt(17).stateHash;
  const alone = await archive.migrated(tip);
  await archive.replay(alone, { stages: [replayCommands] });
  const expected = await recordedAccounts(alone);
  for (const { stateHash } of archive.chainOf(tip)) {
    expect(found.get(stateHash)).toEqual(expected.get(stateHash));
  }
});

describe("of an archive with forks of forks", { tags: ["only-in-all"] }, () => {
  let archive: ForkedArchive;
  /** The highest block of the chain; what is above it is beside it. */
  let tip: SeenBlock;
  let beside: readonly SeenBlock[];
  let complete: ReadonlyMap<string, readonly string[]>;
  let contents: Awaited<ReturnType<typeof databaseContents>>;

  beforeAll(async () => {
    archive = await openForkedArchive(36, FORKS);
    tip = archive.mainAt(24);
    const chain = new Set(archive.chainOf(tip.stateHash));
    beside = archive.blocks.filter((block) => !chain.has(block));
    const target = await archive.complete(tip.stateHash);
    await archive.replay(target);
    complete = await recordedAccounts(target);
    contents = await databaseContents(target.url);
  });

  afterAll(async () => {
    await archive[Symbol.asyncDispose]();
  });

  test("every tip's chain alone gives the same rows of its blocks", async () => {
    const parents = new Set<string>(archive.blocks.map(({ parentHash }) => parentHash));
    const tips = archive.blocks.filter(({ stateHash }) => !parents.has(stateHash));
    const heights = tips.map(({ height }) => height);
    expect(new Set(heights).size).toBeLessThan(heights.length);
    for (const { stateHash } of tips) {
      const alone = await archive.migrated(stateHash);
      await archive.replay(alone, { stages: [replayCommands] });
      const expected = await recordedAccounts(alone);
      for (const block of archive.chainOf(stateHash)) {
        expect(complete.get(block.stateHash)).toEqual(expected.get(block.stateHash));
      }
    }
  });

  test.each([1, 2])(
    "on %i threads, with few ledger hashes or all, the rows and ids are the same",
    async (threads) => {
      for (const blocksPerLedgerHash of [1, 32]) {
        const target = await archive.complete(tip.stateHash);
        await archive.replay(target, { more: { threads, blocksPerLedgerHash } });
        expect(withoutMarks(await databaseContents(target.url))).toEqual(withoutMarks(contents));
      }
    },
  );

  test.each([
    ["below the checkpoint", 1_000n],
    ["across checkpoints", 5n],
  ])(
    "late orphans %s give the rows of a replay at once",
    async (_where, checkpointIntervalBlocks) => {
      const target = await archive.migrated(tip.stateHash);
      const options = { folder: await newFolder(), more: { checkpointIntervalBlocks } };
      const [, skipped] = await archive.replay(target, options);
      expect(skipped!.skipped).toBe("every block beside the chain has been replayed already");
      // One generation after the other: below most of them are blocks that are recorded already.
      const isThere = new Set<string>(
        archive.chainOf(tip.stateHash).map((block) => block.stateHash),
      );
      for (let late = beside; late.length > 0; ) {
        const arriving = late.filter(({ parentHash }) => isThere.has(parentHash));
        late = late.filter((block) => !arriving.includes(block));
        for (const { stateHash } of arriving) isThere.add(stateHash);
        await archive.addBranches(target, arriving);
        const [chain, branches] = await archive.replay(target, options);
        expect(chain!.skipped).toContain("every block up to height 24");
        const branchBlocks = withCommands(arriving).length;
        if (branchBlocks === 0) expect(branches!.skipped).toBeDefined();
        else expect(branches!.details).toMatchObject({ branchBlocks });
      }
      expect(await recordedAccounts(target)).toEqual(complete);
    },
  );

  test("branches that all come after the chain give the rows of a replay at once", async () => {
    const target = await archive.migrated(tip.stateHash);
    await archive.replay(target);
    await archive.addBranches(target, beside);
    // In a folder without any checkpoint.
    const [, branches] = await archive.replay(target, { more: { threads: 2 } });
    expect(branches!.details).toMatchObject({ branchBlocks: withCommands(beside).length });
    expect(await recordedAccounts(target)).toEqual(complete);
  });

  const SPOILED = {
    // Passed over, where few ledger hashes are compared, as one of the chain is.
    "ledger hash":
      "update blocks set ledger_hash = (select ledger_hash from blocks where height = 1) where state_hash = $1",
    "internal command less": `delete from blocks_internal_commands c using blocks b
      where b.id = c.block_id and b.state_hash = $1`,
  };

  test.each([
    ["ledger hash", "with the chain", 1],
    ["ledger hash", "after the chain", 32],
    ["internal command less", "with the chain", 1],
    ["internal command less", "after the chain", 1],
  ] as const)(
    "a branch with another %s is named at its block %s, %i blocks a hash",
    async (what, when, blocksPerLedgerHash) => {
      const target = await archive.migrated(tip.stateHash);
      const folder = await newFolder();
      if (when === "after the chain") await archive.replay(target, { folder });
      await archive.addBranches(target, beside);
      const wrong = withCommands(beside).find(
        ({ height, stateHash, parentHash }) =>
          height > 8n &&
          beside.some((child) => child.parentHash === stateHash) &&
          beside.some((parent) => parent.stateHash === parentHash),
      )!;
      await change(target, SPOILED[what], [wrong.stateHash]);
      const before = await recordedAccounts(target);
      const more = { blocksPerLedgerHash, balances: null };
      const failed = await archive
        .replay(target, { folder, more })
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(VerificationError);
      const [{ stateHash, height }, hash] = [wrong, "j\\w+"];
      expect((failed as Error).message).toMatch(
        new RegExp(
          `^block ${stateHash} at height ${height}: has ledger hash ${hash}, its replay gives ${hash}$`,
        ),
      );
      expect(await recordedAccounts(target)).toEqual(before);
    },
  );

  test("where few ledger hashes are compared, one end of as many branches is, and its branch named", async () => {
    const left = await archive.complete(tip.stateHash);
    const [chain] = await archive.replay(left, { more: { blocksPerLedgerHash: 1_000 } });
    expect(chain!.details!["ledgerHashesLeftToVerification"]).toBeGreaterThan(beside.length / 2);

    const target = await archive.complete(tip.stateHash);
    for (const { stateHash } of withCommands(beside)) {
      await change(target, SPOILED["internal command less"], [stateHash]);
    }
    const failed = await archive
      .replay(target, { more: { blocksPerLedgerHash: 2, balances: null } })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(VerificationError);
    const hashes = withCommands(beside).map(({ stateHash }) => stateHash);
    expect((failed as Error).message).toMatch(new RegExp(`^block (${hashes.join("|")}) at height`));
  });

  test("a balance that the old archive recorded of an orphan is compared", async () => {
    const [orphan] = withCommands(beside);
    await using copy = await archive.changedSource(
      `update balances set balance = balance + 1 where block_id =
         (select id from blocks where state_hash = $1) and id = (select max(m.id) from balances m
           where m.block_id = balances.block_id)`,
      [orphan!.stateHash],
    );
    await using source = await connect(copy.url, { applicationName: "forklift test" });
    for (const isAfter of [false, true]) {
      const target = await archive.migrated(tip.stateHash);
      const folder = await newFolder();
      if (isAfter) await archive.replay(target, { folder });
      await archive.addBranches(target, beside);
      const failed = archive.replay(target, { folder, more: { balances: source } });
      await expect(failed).rejects.toThrow(`block ${orphan!.stateHash} at height`);
      await expect(failed).rejects.toThrow("the old archive records balance");
    }
  });

  test("a block without commands at a branch's end has no rows, and is no work that is left", async () => {
    const parents = new Set<string>(archive.blocks.map(({ parentHash }) => parentHash));
    const leaf = withCommands(beside).find(({ stateHash }) => !parents.has(stateHash))!;
    const target = await archive.complete(tip.stateHash);
    for (const table of ["blocks_user_commands", "blocks_internal_commands"]) {
      await change(
        target,
        `delete from ${table} where block_id = (select id from blocks where state_hash = $1)`,
        [leaf.stateHash],
      );
    }
    await change(
      target,
      `update blocks b set ledger_hash = parent.ledger_hash from blocks parent
       where parent.id = b.parent_id and b.state_hash = $1`,
      [leaf.stateHash],
    );
    const [, branches] = await archive.replay(target, { more: { balances: null } });
    expect(branches!.skipped).toBe("every block beside the chain has been replayed already");
    const expected = new Map([...complete].filter(([stateHash]) => stateHash !== leaf.stateHash));
    expect(await recordedAccounts(target)).toEqual(expected);
  });

  test("a block that no way leads to is named", async () => {
    const target = await archive.complete(tip.stateHash);
    const [lost] = withCommands(beside);
    await change(target, "update blocks set parent_id = null where state_hash = $1", [
      lost!.stateHash,
    ]);
    const failed = archive.replay(target);
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(`block ${lost!.stateHash} at height ${lost!.height}`);
  });

  test("an unwind takes the blocks beside the chain that stand above its height", async () => {
    const target = await archive.complete(tip.stateHash);
    await archive.replay(target);
    await using session = await connect(target.url, { applicationName: "forklift test" });
    const { network } = archive;
    const context = { target: session, network, checkpoints: null, inform: () => undefined };
    await unwind(context, await planUnwind(context, 15n));
    const isLow = new Set<string>(
      archive.blocks.filter(({ height }) => height <= 15n).map(({ stateHash }) => stateHash),
    );
    const expected = new Map([...complete].filter(([stateHash]) => isLow.has(stateHash)));
    expect(await recordedAccounts(target)).toEqual(expected);
    // And is replayed no more than what is put back.
    expect((await archive.replay(target)).map(({ rowCount }) => rowCount)).toEqual([0, 0]);
  });

  test("an unwind to the tip takes what stands above it beside the chain, and what was proven with that", async () => {
    const target = await archive.complete(tip.stateHash);
    await archive.replay(target);
    await using session = await connect(target.url, { applicationName: "forklift test" });
    const above = "select count(*)::int as count from blocks where height > $1";
    const [before] = await session.query<{ count: number }>(above, [tip.height]);
    expect(before!.count).toBeGreaterThan(0);
    const mark = { height: String(tip.height), stateHash: tip.stateHash };
    await saveProgressMark(session, "verify-target", { ...mark, digests: {} });
    const { network } = archive;
    const context = { target: session, network, checkpoints: null, inform: () => undefined };
    await unwind(context, await planUnwind(context, tip.height));
    expect(await session.query(above, [tip.height])).toEqual([{ count: 0 }]);
    expect(await progressMarks(session).load("verify-target")).toBeNull();
    expect(await progressMarks(session).load("replay-commands")).toMatchObject(mark);
  });

  test("a replay with a stop point takes the branches that begin up to there", async () => {
    const target = await archive.complete(tip.stateHash);
    const stop = { forkStateHash: null, stopAtHeight: 12n };
    await archive.replay(target, { more: { stop } });
    const recorded = await recordedAccounts(target);
    const isBelow = (block: SeenBlock) =>
      archive
        .chainOf(block.stateHash)
        .every(
          ({ stateHash, height }) =>
            height <= 12n ||
            !archive.chainOf(tip.stateHash).some((one) => one.stateHash === stateHash),
        );
    const hasRows = ({ height, commands }: SeenBlock) => height === 1n || commands > 0;
    for (const block of archive.blocks) {
      expect(recorded.has(block.stateHash)).toBe(isBelow(block) && hasRows(block));
    }
    await archive.replay(target);
    expect(await recordedAccounts(target)).toEqual(complete);
  });
});

test("a branch of hundreds of blocks is left to a stage of its own, which writes it piece by piece", {
  tags: ["only-in-all"],
}, async () => {
  const heights = BRANCH_BLOCKS_MAX + 30;
  await using archive = await openForkedArchive(heights, {
    forkLength: () => 0,
    commandsPerBlock: 1,
  });
  const target = await archive.complete(archive.mainAt(5).stateHash);
  const [commands, branches] = await archive.replay(target);
  expect(commands!.details).not.toHaveProperty("branchBlocks");
  const branchBlocks = withCommands(archive.blocks).filter(({ height }) => height > 5n).length;
  expect(branches!.details).toMatchObject({ forkPoints: 1, branchBlocks });
  const alone = await archive.migrated(archive.mainAt(heights).stateHash);
  await archive.replay(alone, { stages: [replayCommands] });
  expect(await recordedAccounts(target)).toEqual(await recordedAccounts(alone));
  const [again] = await archive.replay(target, { stages: [replayBranches] });
  expect(again!.skipped).toBeDefined();
});

/** A mark says whether every ledger hash was compared. */
function withoutMarks(contents: Record<string, string>): Record<string, string> {
  const { "forklift.progress_mark": _marks, ...rest } = contents;
  return rest;
}
