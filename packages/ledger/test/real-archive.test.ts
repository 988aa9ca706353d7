// What a real mainnet node archived up to height 588, orphans included, against what we make of the
// precomputed blocks of the same heights: the only rows here that neither we nor our rules have made.

import { beforeAll, describe, expect, test } from "vitest";
import { blockRow, timingRow } from "./archive-columns.ts";
import type { DumpRow } from "./dump-rows.ts";
import { hasMainnetData } from "./mainnet-data.ts";
import { type RealArchive, readRealArchive } from "./real-archive.ts";
import { genesisAccounts, type ReplayedBlock, replayBlocks } from "./replayed-blocks.ts";

describe.skipIf(!hasMainnetData)("the archive of a real node", () => {
  let archive: RealArchive;
  let replayed: ReadonlyMap<string, ReplayedBlock>;

  beforeAll(async () => {
    archive = readRealArchive();
    replayed = await replayBlocks(archive.blocks);
  });

  test("holds the 1,063 blocks that their precomputed blocks say, column by column", () => {
    const ours = archive.blocks.map(({ state_hash: stateHash }) =>
      blockRow(stateHash!, replayed.get(stateHash!)!.state),
    );
    expect(ours).toStrictEqual(archive.blocks);
    expect(ours).toHaveLength(1_063);
  });

  test("has our values for 1,838 inclusions of 973 user commands", () => {
    const ours = rowsByBlock(archive, ({ userCommands }) => userCommands);
    expect(ours).toStrictEqual(archive.userCommands);
    expect(counts(ours)).toStrictEqual({ inclusions: 1_838, commands: 973 });
  });

  test("has our values for 2,112 inclusions of 554 internal commands", () => {
    const ours = rowsByBlock(archive, ({ internalCommands }) => internalCommands);
    expect(ours).toStrictEqual(archive.internalCommands);
    expect(counts(ours)).toStrictEqual({ inclusions: 2_112, commands: 554 });
  });

  test("began with the 1,675 accounts and schedules of our genesis ledger, in its order", () => {
    const [, ...accounts] = genesisAccounts();
    expect(accounts.map(timingRow)).toStrictEqual(archive.timing);
    expect(accounts).toHaveLength(1_675);
  });

  function rowsByBlock(
    { blocks }: RealArchive,
    rowsOf: (block: ReplayedBlock) => readonly DumpRow[],
  ): ReadonlyMap<string, readonly DumpRow[]> {
    const rows = blocks.map((block) => {
      const stateHash = block["state_hash"]!;
      return [stateHash, rowsOf(replayed.get(stateHash)!)] as const;
    });
    return new Map(rows.filter(([, { length }]) => length > 0));
  }
});

function counts(rows: ReadonlyMap<string, readonly DumpRow[]>) {
  const included = [...rows.values()].flat();
  const commands = new Set(included.map(({ type, hash }) => `${type} ${hash}`));
  return { inclusions: included.length, commands: commands.size };
}
