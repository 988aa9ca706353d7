import { SourceDataError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { countNotMigrated } from "../src/source/not-migrated.ts";
import { selectChain } from "../src/source/source-chain.ts";
import {
  canonicalOrHighest,
  highestCanonical,
  readSourceHeights,
  readSourceTip,
  walkSourceFrom,
} from "../src/source/source-tip.ts";
import { chain, hashOf, openOldArchive } from "./old-archive.ts";

/** Canonical to height 3, an orphan at 2, pending above. */
const BLOCKS = [
  ...chain("a-b-c", { parent: null, height: 1 }, "canonical"),
  ...chain("x", { parent: "a", height: 2 }, "orphaned"),
  ...chain("d-e", { parent: "c", height: 4 }, "pending"),
];

test("the highest canonical block, the highest of all and their heights are told apart", async () => {
  await using archive = await openOldArchive(BLOCKS);
  const { session } = archive;
  expect(await highestCanonical(session)).toEqual({ height: 3n, stateHash: hashOf("c") });
  expect(await readSourceTip(session)).toEqual({ height: 5n, stateHash: hashOf("e") });
  expect(await readSourceHeights(session)).toEqual({ highest: 5n, highestCanonical: 3n });
});

test("a block is its own answer where it is canonical, and the highest canonical one elsewhere", async () => {
  await using archive = await openOldArchive(BLOCKS);
  const { session } = archive;
  expect(await canonicalOrHighest(session, hashOf("b"))).toMatchObject({ height: 2n });
  expect(await canonicalOrHighest(session, hashOf("e"))).toMatchObject({ height: 3n });
  expect(await canonicalOrHighest(session, "nobody's")).toMatchObject({ height: 3n });
});

test("a source without a canonical block is refused, and has no heights", async () => {
  await using archive = await openOldArchive([]);
  await expect(highestCanonical(archive.session)).rejects.toThrow(SourceDataError);
  expect(await readSourceHeights(archive.session)).toEqual({
    highest: null,
    highestCanonical: null,
  });
});

test("a walk by parent hashes counts the chain down to genesis", async () => {
  await using archive = await openOldArchive(BLOCKS);
  expect(await walkSourceFrom(archive.session, hashOf("e"))).toEqual({ walked: "5", lowest: "1" });
  expect(await walkSourceFrom(archive.session, "nobody's")).toEqual({ walked: "0", lowest: null });
});

test("what is not migrated is counted by the chain of a run", async () => {
  await using archive = await openOldArchive(BLOCKS);
  const { session } = archive;
  const stop = { forkStateHash: null, stopAtHeight: 2n };
  const chosen = await selectChain(session, stop, "mainnet");
  expect(await countNotMigrated(session, chosen)).toEqual({
    orphanedBlocks: 1,
    pendingBlocks: 2,
    canonicalBlocksAbove: 1,
    balances: 0,
  });
});
