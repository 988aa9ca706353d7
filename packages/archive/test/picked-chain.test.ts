import type { BlockRef } from "@forklift/chain";
import { expect, test } from "vitest";
import {
  countPicked,
  createPickedChain,
  hasPickedChain,
  highestPicked,
  lowestPicked,
  pickedBlockAt,
  pickedBlocks,
  pickedHeightOf,
  removePickedChain,
  writePickedChain,
} from "../src/target/picked-chain.ts";
import { openNewArchive } from "./new-archive.ts";
import { hashOf } from "./old-archive.ts";

const block = (height: number): BlockRef => ({
  height: BigInt(height),
  stateHash: hashOf(`${height}`),
});

const blocks = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => block(from + index));

test("a picked chain is written from its tip down and read upwards, page by page", async () => {
  await using archive = await openNewArchive([]);
  const { session } = archive;
  const picked = async (above: bigint) => {
    const found: BlockRef[] = [];
    for await (const each of pickedBlocks(session, above)) found.push(each);
    return found;
  };
  expect(await hasPickedChain(session)).toBe(false);
  await createPickedChain(session);
  expect(await hasPickedChain(session)).toBe(true);
  expect(await lowestPicked(session)).toBeNull();
  await writePickedChain(session, blocks(1501, 2500).toReversed());
  expect(await lowestPicked(session)).toEqual(block(1501));
  // Interrupted and gone on with: the lowest comes once more.
  await createPickedChain(session);
  await writePickedChain(session, blocks(2, 1501).toReversed());
  expect(await lowestPicked(session)).toEqual(block(2));
  expect(await highestPicked(session)).toEqual(block(2500));
  expect(await countPicked(session)).toBe(2499n);
  expect(await picked(1n)).toEqual(blocks(2, 2500));
  expect(await picked(1500n)).toEqual(blocks(1501, 2500));
  expect(await picked(2500n)).toEqual([]);
  expect(await pickedBlockAt(session, 77n)).toEqual(block(77));
  expect(await pickedBlockAt(session, 1n)).toBeNull();
  expect(await pickedHeightOf(session, hashOf("77"))).toBe(77n);
  expect(await pickedHeightOf(session, hashOf("1"))).toBeNull();
  await removePickedChain(session);
  await removePickedChain(session);
  expect(await hasPickedChain(session)).toBe(false);
});
