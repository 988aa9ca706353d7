import { SourceDataError, UsageError } from "@forklift/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSourceBlocks } from "../src/source/source-blocks.ts";
import {
  chainBlockAt,
  chainBlocks,
  type SourceChain,
  type StopPoint,
  selectChain,
} from "../src/source/source-chain.ts";
import { chain, hashOf, type OldArchive, openOldArchive } from "./old-archive.ts";

/**
 *   g - a - b - c - d - e        canonical up to c, then pending
 *       |        \  d2 - e2      pending, as high as d - e
 *       x - y                    orphaned; z, a child of y, is pending
 */
const BLOCKS = [
  ...chain("g-a-b-c", { parent: null, height: 1 }, "canonical"),
  ...chain("d-e", { parent: "c", height: 5 }, "pending"),
  ...chain("d2-e2", { parent: "c", height: 5 }, "pending"),
  ...chain("x-y", { parent: "g", height: 2 }, "orphaned"),
  ...chain("z", { parent: "y", height: 4 }, "pending"),
  ...chain("side", { parent: "b", height: 4 }, "pending"),
  ...chain("island", { parent: "unknown", height: 5 }, "pending"),
];

const stop = (point: { hash?: string; height?: bigint }): StopPoint => ({
  forkStateHash: point.hash === undefined ? null : hashOf(point.hash),
  stopAtHeight: point.height ?? null,
});

const names = (selected: SourceChain) => ({
  tip: BLOCKS.find(({ name }) => hashOf(name) === selected.tip.stateHash)?.name,
  canonicalHeight: selected.canonicalHeight,
  tail: selected.tail.map(
    ({ stateHash }) => BLOCKS.find(({ name }) => hashOf(name) === stateHash)?.name,
  ),
});

describe("selectChain", () => {
  let archive: OldArchive;
  beforeAll(async () => {
    archive = await openOldArchive(BLOCKS);
  });
  afterAll(() => archive[Symbol.asyncDispose]());

  test("ends at the highest canonical block by default", async () => {
    const selected = await selectChain(archive.session, stop({}), "mainnet");
    expect(names(selected)).toEqual({ tip: "c", canonicalHeight: 4n, tail: [] });
  });

  test.each([
    ["a pending block", { hash: "e" }, { tip: "e", canonicalHeight: 4n, tail: ["d", "e"] }],
    ["its rival", { hash: "e2" }, { tip: "e2", canonicalHeight: 4n, tail: ["d2", "e2"] }],
    ["a block below the canonical tip", { hash: "b" }, { tip: "b", canonicalHeight: 3n, tail: [] }],
    ["a canonical height", { height: 2n }, { tip: "a", canonicalHeight: 2n, tail: [] }],
    [
      "hash and height that agree",
      { hash: "e", height: 6n },
      { tip: "e", canonicalHeight: 4n, tail: ["d", "e"] },
    ],
  ])("ends in %s when it is named", async (_what, point, expected) => {
    expect(names(await selectChain(archive.session, stop(point), "mainnet"))).toEqual(expected);
  });

  test.each([
    ["an orphaned block", { hash: "y" }, `block ${hashOf("y")} at height 3 is orphaned`],
    ["a child of an orphan", { hash: "z" }, "descends from an orphaned block"],
    ["a block off the canonical chain", { hash: "side" }, "leaves the canonical chain at height 3"],
    ["a block behind a gap", { hash: "island" }, `whose parent ${hashOf("unknown")} is missing`],
    ["an unknown block", { hash: "nobody" }, `the source has no block ${hashOf("nobody")}`],
    [
      "a height above all blocks",
      { height: 9n },
      `the source ends at height 6 (${[hashOf("e"), hashOf("e2")].sort().join(" and ")}), ` +
        "--stop-at-height says 9",
    ],
    [
      "a height where two tips tie",
      { height: 6n },
      "two chains of height 6 part at or below height 6",
    ],
    ["a height below such a tie but above their parting", { height: 5n }, hashOf("e2")],
  ])("refuses %s, saying why", async (_what, point, sentence) => {
    const selecting = selectChain(archive.session, stop(point), "mainnet");
    await expect(selecting).rejects.toThrow(sentence);
    await expect(selecting).rejects.toThrow(SourceDataError);
  });

  test("names the file that would close the gap, for people and for programs", async () => {
    const selecting = selectChain(archive.session, stop({ hash: "island" }), "mainnet");
    const file = `mainnet-4-${hashOf("unknown")}.json`;
    await expect(selecting).rejects.toMatchObject({
      hint: expect.stringMatching(
        `^patch the source with ${file}; then run again; or run with --heal`,
      ),
      details: { filesToFetch: [file], findings: [{ kind: "missing-block", height: 4 }] },
    });
  });

  test("gives the blocks of the chain above a height, the tail included", async () => {
    const { session } = archive;
    const selected = await selectChain(session, stop({ hash: "e2" }), "mainnet");
    const hashes = [];
    for await (const { stateHash } of chainBlocks(session, selected, 2n)) hashes.push(stateHash);
    expect(hashes).toEqual(["b", "c", "d2", "e2"].map(hashOf));
  });

  test("refuses hash and height that disagree as wrong usage", async () => {
    const selecting = selectChain(archive.session, stop({ hash: "e", height: 5n }), "mainnet");
    await expect(selecting).rejects.toThrow(UsageError);
  });

  test("answers which block of the chain stands at a height", async () => {
    const { session } = archive;
    const selected = await selectChain(session, stop({ hash: "e2" }), "mainnet");
    const at = async (height: bigint) => (await chainBlockAt(session, selected, height))?.stateHash;
    expect(await at(2n)).toBe(hashOf("a"));
    expect(await at(5n)).toBe(hashOf("d2"));
    expect(await at(7n)).toBeUndefined();
  });

  test("two tips that tie above the stop height are no matter when they share it", async () => {
    await using shared = await openOldArchive([
      ...chain("g-a", { parent: null, height: 1 }, "canonical"),
      ...chain("p", { parent: "a", height: 3 }, "pending"),
      ...chain("q", { parent: "p", height: 4 }, "pending"),
      ...chain("r", { parent: "p", height: 4 }, "pending"),
    ]);
    const selected = await selectChain(shared.session, stop({ height: 3n }), "mainnet");
    expect(selected.tip).toEqual({ height: 3n, stateHash: hashOf("p") });
    expect(selected.tail).toEqual([selected.tip]);
  });

  test("a tip whose state hash is none is the source's fault, named with its height", async () => {
    await using spoiled = await openOldArchive(
      chain("g-a", { parent: null, height: 1 }, "canonical"),
    );
    const { session } = spoiled;
    await session.query("update blocks set state_hash = '3NKnonsense' where height = 2");
    const selecting = selectChain(session, stop({}), "mainnet");
    await expect(selecting).rejects.toThrow(SourceDataError);
    await expect(selecting).rejects.toThrow(
      "block 3NKnonsense at height 2: blocks.state_hash of the source is malformed: ",
    );
  });

  test.each(["global_slot", "global_slot_since_genesis"])(
    "a block whose %s is none is the source's fault, named with height and hash",
    async (column) => {
      await using spoiled = await openOldArchive(
        chain("g-a", { parent: null, height: 1 }, "canonical"),
      );
      const { session } = spoiled;
      await session.query(`update blocks set ${column} = -1 where height = 2`);
      const selected = await selectChain(session, stop({}), "mainnet");
      const reading = readSourceBlocks(session, selected, { from: 1n, to: 2n });
      await expect(reading).rejects.toThrow(SourceDataError);
      await expect(reading).rejects.toThrow(
        `block ${hashOf("a")} at height 2: blocks.${column} of the source is malformed: `,
      );
    },
  );

  test("an archive without a canonical block is refused", async () => {
    await using empty = await openOldArchive([]);
    await expect(selectChain(empty.session, stop({}), "mainnet")).rejects.toThrow(
      "no canonical block",
    );
  });
});

describe("selectChain of a source whose links are wrong", () => {
  const CHAIN = [
    ...chain("g-a", { parent: null, height: 1 }, "canonical"),
    ...chain("p-q-r", { parent: "a", height: 3 }, "pending"),
  ];

  async function refusal(sql: string, point: { hash?: string; height?: bigint }): Promise<unknown> {
    await using archive = await openOldArchive(CHAIN);
    await archive.session.query(`set session_replication_role = replica; ${sql}`);
    return await selectChain(archive.session, stop(point), "mainnet").catch((error) => error);
  }

  test("ends where pending blocks form a circle, and names the wrong one", async () => {
    const circle = `update blocks set parent_hash = '${hashOf("r")}'
      where state_hash = '${hashOf("p")}'`;
    for (const point of [{ height: 4n }, { hash: "r" }]) {
      const error = await refusal(circle, point);
      expect(error).toBeInstanceOf(SourceDataError);
      expect(error).toMatchObject({
        message: expect.stringContaining(
          `ends at height 3 in ${hashOf("p")}, whose parent ${hashOf("r")} stands at height 5`,
        ),
        details: {
          filesToFetch: [`mainnet-3-${hashOf("p")}.json`],
          findings: [{ kind: "height" }],
        },
      });
    }
  });

  test("refuses a height that no block can have", async () => {
    const error = await refusal(
      "update blocks set height = 9223372036854775807 where height = 2",
      {},
    );
    expect(error).toMatchObject({
      exit: "sourceData",
      message: expect.stringContaining("height of the source is malformed"),
    });
  });
});
