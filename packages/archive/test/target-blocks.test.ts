import { ConfigError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import {
  findLastRecorded,
  findTargetBlock,
  findTargetRef,
  readLedgerHash,
  readTargetTip,
  stateHashesInTarget,
  targetBlockAt,
  targetBlockAtOrBelowSlot,
  targetRefAt,
} from "../src/target/target-blocks.ts";
import { readCanonicalHeights, walkTargetFrom } from "../src/target/target-checks.ts";
import {
  countBlocksWithCommands,
  unfinishedReplayHeight,
} from "../src/target/unreplayed-blocks.ts";
import { type MadeBlock, openNewArchive } from "./new-archive.ts";
import { hashOf } from "./old-archive.ts";

const FOUR: readonly MadeBlock[] = [
  { height: 1, slot: 0, isRecorded: true },
  { height: 2, slot: 3, hasCommand: true, isRecorded: true },
  { height: 3, slot: 5 },
  { height: 4, slot: 9, hasCommand: true },
];

const blockOf = (height: number, slot: number) => ({
  height: BigInt(height),
  stateHash: hashOf(`${height}`),
  globalSlotSinceGenesis: BigInt(slot),
  ledgerHash: `ledger ${height}`,
});

test("an empty target has no tip, no block and nothing recorded", async () => {
  await using archive = await openNewArchive([]);
  const { session } = archive;
  expect(await readTargetTip(session)).toBeNull();
  expect(await targetBlockAt(session, 1n)).toBeNull();
  expect(await findLastRecorded(session)).toBeNull();
  expect(await unfinishedReplayHeight(session)).toBeNull();
  expect(await readCanonicalHeights(session)).toBeNull();
});

test("a block is found by its height, its state hash, its slot, and as the tip", async () => {
  await using archive = await openNewArchive(FOUR);
  const { session } = archive;
  expect(await readTargetTip(session)).toEqual(blockOf(4, 9));
  expect(await targetBlockAt(session, 2n)).toEqual(blockOf(2, 3));
  expect(await findTargetBlock(session, hashOf("3"))).toEqual(blockOf(3, 5));
  expect(await findTargetBlock(session, hashOf("5"))).toBeNull();
  expect(await targetBlockAtOrBelowSlot(session, 8n)).toEqual(blockOf(3, 5));
  expect(await targetRefAt(session, 2n)).toEqual({ height: 2n, stateHash: hashOf("2") });
  const place = { height: 3n, stateHash: hashOf("3") };
  expect(await findTargetRef(session, hashOf("3"))).toEqual(place);
  expect(await readLedgerHash(session, place)).toBe("ledger 3");
  expect(await readLedgerHash(session, { ...place, height: 2n })).toBeNull();
  const asked = [hashOf("4"), hashOf("2"), hashOf("7")];
  expect(await stateHashesInTarget(session, asked)).toEqual([hashOf("2"), hashOf("4")]);
});

test("a state hash that is none is told as a change of the target, with its height", async () => {
  await using archive = await openNewArchive(FOUR);
  await archive.session.query("update blocks set state_hash = 'nonsense' where height = 4");
  const refused = readTargetTip(archive.session);
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow("block at height 4 was changed");
});

test("a slot that is none does not hide which block it is", async () => {
  await using archive = await openNewArchive(FOUR);
  await archive.session.query("update blocks set global_slot_since_genesis = -1 where height = 4");
  expect(await targetRefAt(archive.session, 4n)).toEqual({ height: 4n, stateHash: hashOf("4") });
  await expect(targetBlockAt(archive.session, 4n)).rejects.toThrow(ConfigError);
});

test("a replay is unfinished where a block with commands stands above the recorded ones", async () => {
  await using archive = await openNewArchive(FOUR);
  const { session } = archive;
  expect(await findLastRecorded(session)).toEqual(blockOf(2, 3));
  expect(await unfinishedReplayHeight(session)).toBe(2n);
  expect(await countBlocksWithCommands(session, { above: 0n, upTo: 4n })).toBe(2n);
  expect(await countBlocksWithCommands(session, { above: 2n, upTo: 3n })).toBe(0n);
});

test("blocks without commands above the recorded ones leave nothing to replay", async () => {
  await using archive = await openNewArchive(FOUR.slice(0, 3));
  expect(await unfinishedReplayHeight(archive.session)).toBeNull();
});

test("a whole target has no fault, and a lost block is one at its height", async () => {
  await using archive = await openNewArchive(FOUR);
  const { session } = archive;
  const whole = { tipHeight: 4n, canonicalCount: 4n, faultHeight: null };
  expect(await readCanonicalHeights(session)).toEqual(whole);
  expect(await walkTargetFrom(session, hashOf("4"))).toEqual({
    walked: "4",
    lowest: "1",
    canonical: "4",
  });
  await session.query("delete from blocks where height = 2");
  const lost = { tipHeight: 4n, canonicalCount: 3n, faultHeight: 2n };
  expect(await readCanonicalHeights(session)).toEqual(lost);
  expect(await walkTargetFrom(session, hashOf("4"))).toMatchObject({ walked: "2", lowest: "3" });
});

test("two blocks of one height are a fault of a target", async () => {
  await using archive = await openNewArchive(FOUR);
  await archive.session.query("update blocks set height = 2 where height = 3");
  expect((await readCanonicalHeights(archive.session))?.faultHeight).toBe(2n);
});
