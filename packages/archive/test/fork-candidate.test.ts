// What a source says of a block that may be the last before the fork.

import { SourceDataError } from "@forklift/pipeline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ancestorAt, readForkCandidate } from "../src/source/fork-candidate.ts";
import { chain, hashOf, type OldArchive, openOldArchive } from "./old-archive.ts";

/**
 *   g - a - b - c - d - e - f    canonical up to c, then pending
 *       |    \       \ - e2 - f2 pending, as high as f
 *       x     side - side2       orphaned; pending
 */
const BLOCKS = [
  ...chain("g-a-b-c", { parent: null, height: 1 }, "canonical"),
  ...chain("d-e-f", { parent: "c", height: 5 }, "pending"),
  ...chain("e2-f2", { parent: "d", height: 6 }, "pending"),
  ...chain("x", { parent: "a", height: 3 }, "orphaned"),
  ...chain("side-side2", { parent: "b", height: 4 }, "pending"),
  ...chain("island", { parent: "unknown", height: 5 }, "pending"),
];

/** A command in blocks of the best chain, and one that is on no chain. */
const COMMANDS = `
  insert into balances (public_key_id, balance, block_id, block_height, block_sequence_no,
    block_secondary_sequence_no) values (1, 1, 1, 1, 0, 0);
  insert into user_commands (type, fee_payer_id, source_id, receiver_id, fee_token, token, nonce, amount,
    fee, memo, hash) values ('payment', 1, 1, 1, 1, 1, 0, 1, 1, 'memo', 'hash');
  insert into blocks_user_commands (block_id, user_command_id, sequence_no, status, fee_payer_balance)
    select id, 1, n, 'failed', 1 from blocks, generate_series(0, 1) n
    where state_hash in ('${hashOf("d")}', '${hashOf("b")}', '${hashOf("x")}');`;

let archive: OldArchive;
beforeAll(async () => {
  archive = await openOldArchive(BLOCKS);
  await archive.session.query(COMMANDS);
});
afterAll(() => archive[Symbol.asyncDispose]());

const read = (name: string) => readForkCandidate(archive.session, hashOf(name), "mainnet");

test("a block below every highest one has confirmations, its slot, and the commands above it", async () => {
  expect(await read("c")).toMatchObject({
    ...{ height: 4n, stateHash: hashOf("c"), globalSlotSinceGenesis: 4n },
    ...{ left: null, offBestChain: null, rivals: [], blocksAbove: 3n },
    commandsAbove: { height: 5n, stateHash: hashOf("d"), userCommands: 2n },
  });
  // Of two blocks with commands the lower one, and no orphan.
  expect(await read("a")).toMatchObject({
    blocksAbove: 5n,
    commandsAbove: { height: 3n, stateHash: hashOf("b") },
  });
});

test("the commands of the block itself do not count", async () => {
  expect(await read("d")).toMatchObject({ blocksAbove: 2n, commandsAbove: null });
});

test("of two tips that tie, each is on one of the best chains, and nothing above it counts", async () => {
  const tips = [hashOf("f"), hashOf("f2")];
  for (const name of ["f", "f2", "e2"]) {
    const found = (await read(name))!;
    expect(new Set(found.bestTips.map(({ stateHash }) => stateHash))).toEqual(new Set(tips));
    expect(found).toMatchObject({ left: null, offBestChain: null, blocksAbove: 0n });
    const rival = name === "f" ? "f2" : "f";
    expect(found.rivals).toEqual([{ height: 7n, stateHash: hashOf(rival) }]);
  }
});

test.each([
  ["an orphan", "x", "is orphaned"],
  ["a branch from below the highest canonical block", "side2", "leaves the canonical chain at"],
])("%s is left by the network", async (_what, name, says) => {
  const found = (await read(name))!;
  expect(found.left).toContain(says);
  expect(found.offBestChain).toMatch(/^the highest block \S+ at height 7 does not descend/);
  expect(found.blocksAbove).toBeNull();
});

test("a block that nobody has is none, and one behind a gap names the missing one", async () => {
  expect(await read("nobody")).toBeNull();
  const behind = read("island");
  await expect(behind).rejects.toThrow(SourceDataError);
  await expect(behind).rejects.toThrow(`whose parent ${hashOf("unknown")} is missing`);
});

test("a gap above the block is told of, and refuses nothing by itself", async () => {
  await using broken = await openOldArchive([
    ...chain("g-a-b", { parent: null, height: 1 }, "canonical"),
    ...chain("late", { parent: "lost", height: 9 }, "pending"),
  ]);
  const found = (await readForkCandidate(broken.session, hashOf("b"), "mainnet"))!;
  expect(found).toMatchObject({ left: null, blocksAbove: null });
  expect(found.offBestChain).toContain(`parent ${hashOf("lost")} is missing`);
});

test("parent hashes lead from a tip down to its ancestor, and to nothing else", async () => {
  const ancestor = (from: string, height: bigint) =>
    ancestorAt(archive.session, hashOf(from), height);
  expect(await ancestor("f2", 5n)).toBe(hashOf("d"));
  expect(await ancestor("f2", 6n)).toBe(hashOf("e2"));
  expect(await ancestor("island", 4n)).toBeNull();
  expect(await ancestor("c", 5n)).toBeNull();
});
