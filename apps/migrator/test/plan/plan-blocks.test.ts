import { type BlockRef, hashText, type StateHash } from "@forklift/chain";
import { TryAgainError } from "@forklift/pipeline";
import { describe, expect, test } from "vitest";
import { planBlocks, runsOf, type SourceProbe, spread } from "../../src/plan/plan-blocks.ts";

const blockAt = (height: number): BlockRef => ({
  height: BigInt(height),
  stateHash: hashText("stateHash", BigInt(height)) as StateHash,
});
const blocks = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => blockAt(from + at));
const nameOf = (height: number) => `mainnet-${height}-${blockAt(height).stateHash}.json`;

function folder(url: string, held: readonly BlockRef[], bytes = 100): SourceProbe {
  return {
    url,
    notAsked: null,
    list: async () => new Map(held.map(({ stateHash }) => [stateHash, bytes])),
    probe: async () => expect.unreachable("a folder is listed"),
  };
}

function web(url: string, held: readonly BlockRef[], asked: BlockRef[] = []): SourceProbe {
  const hashes = new Set(held.map(({ stateHash }) => stateHash));
  return {
    url,
    notAsked: null,
    list: async () => null,
    probe: async (block) => {
      asked.push(block);
      return hashes.has(block.stateHash) ? 50 : null;
    },
  };
}

const cannotBeListed: SourceProbe["list"] = async () => null;

describe("planBlocks", () => {
  test("gives each block to the first place that has it, and names what none has", async () => {
    const plan = await planBlocks(
      blocks(2, 10),
      [folder("a", [...blocks(2, 4), blockAt(8)]), folder("b", blocks(4, 9), 10)],
      "mainnet",
    );
    expect(plan).toMatchObject({ neededCount: 9, missingCount: 1, isExact: true });
    expect(plan.missing).toEqual([nameOf(10)]);
    expect(plan.places).toMatchObject([
      {
        asked: "listed",
        blockCount: 4,
        bytes: 400,
        heights: [
          [2, 4],
          [8, 8],
        ],
      },
      {
        asked: "listed",
        blockCount: 4,
        bytes: 40,
        heights: [
          [5, 7],
          [9, 9],
        ],
      },
    ]);
  });

  test("asks a place that cannot be listed for a few blocks, and says that it is an estimate", async () => {
    const asked: BlockRef[] = [];
    const plan = await planBlocks(blocks(2, 101), [web("w", blocks(2, 51), asked)], "mainnet");
    expect(asked).toHaveLength(16);
    expect(asked[0]).toEqual(blockAt(2));
    expect(asked.at(-1)).toEqual(blockAt(101));
    expect(plan).toMatchObject({ missingCount: 50, isExact: false, missing: [] });
    expect(plan.places).toMatchObject([
      { asked: "probed", askedCount: 16, foundCount: 8, blockCount: 50, bytes: 2500 },
    ]);
  });

  test("asks it for all of a few, and is exact then", async () => {
    const plan = await planBlocks(blocks(2, 10), [web("w", blocks(3, 10))], "mainnet");
    expect(plan).toMatchObject({ missingCount: 1, isExact: true, missing: [nameOf(2)] });
  });

  test("asks only for what the places before it do not have", async () => {
    const asked: BlockRef[] = [];
    const places = [folder("a", blocks(2, 50)), web("w", [], asked)];
    const plan = await planBlocks(blocks(2, 52), places, "mainnet");
    expect(asked).toEqual(blocks(51, 52));
    expect(plan.missing).toEqual([nameOf(51), nameOf(52)]);
  });

  test.each([
    [
      "is away",
      { list: () => Promise.reject(new TryAgainError("a is away", { hint: "run again" })) },
      "away",
      "a is away",
    ],
    [
      "would take too long",
      { list: cannotBeListed, notAsked: "too large" },
      "not asked",
      "too large",
    ],
  ] as const)("calls nothing missing while a place %s", async (_what, change, asked, remark) => {
    const places = [{ ...folder("a", []), ...change }, folder("b", blocks(2, 5))];
    const plan = await planBlocks(blocks(2, 10), places, "mainnet");
    expect(plan).toMatchObject({ missingCount: null, isExact: false, missing: [] });
    expect(plan.places).toMatchObject([
      { asked, remark },
      { asked: "listed", blockCount: 4 },
    ]);
  });

  test("a place that would take too long is listed all the same when that takes no time", async () => {
    const places = [{ ...folder("a", blocks(2, 5)), notAsked: "too large" }];
    const plan = await planBlocks(blocks(2, 6), places, "mainnet");
    expect(plan).toMatchObject({ missingCount: 1, isExact: true, missing: [nameOf(6)] });
    expect(plan.places).toMatchObject([{ asked: "listed", blockCount: 4, remark: null }]);
  });

  test("does not swallow what is no error of a place", async () => {
    const broken = { ...folder("a", []), list: () => Promise.reject(new RangeError("a bug")) };
    await expect(planBlocks(blocks(2, 3), [broken], "mainnet")).rejects.toThrow("a bug");
  });

  test("needs nothing of any place when nothing is to be copied", async () => {
    const plan = await planBlocks([], [web("w", [])], "mainnet");
    expect(plan).toMatchObject({ neededCount: 0, missingCount: 0, isExact: true, missing: [] });
  });
});

test("a sample is spread from the first to the last", () => {
  expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4)).toEqual([0, 3, 6, 9]);
});

test("heights are told as runs", () => {
  expect(runsOf([])).toEqual([]);
  expect(runsOf([2, 3, 4, 9])).toEqual([
    [2, 4],
    [9, 9],
  ]);
});
