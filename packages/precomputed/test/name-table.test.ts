import { blockFileName, hashText, type StateHash } from "@forklift/chain";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { describe, expect, test } from "vitest";
import { listPlaces } from "../src/links/chain-places.ts";
import { NameTable, NO_HEIGHT } from "../src/links/name-table.ts";
import type { BlockSource } from "../src/verify/block-source.ts";

const network = "sample";
const hashOf = (number: number) => hashText("stateHash", BigInt(number)) as StateHash;
const nameOf = (height: number, number: number) =>
  blockFileName({ network, height: BigInt(height), stateHash: hashOf(number) });

describe("names of block files", () => {
  test("are told by height, each block once", () => {
    const table = new NameTable();
    for (let number = 0; number < 3000; number++) {
      table.add(BigInt(1 + (number % 1000)), hashOf(number), number);
      if (number % 3 === 0) table.add(BigInt(1 + (number % 1000)), hashOf(number), 7);
    }
    table.sort();
    expect(table.count).toBe(4000);
    expect(table.hashesAt(1000, 9).toSorted()).toEqual([999, 1999, 2999].map(hashOf).toSorted());
    expect(table.hashesAt(1000, 2)).toHaveLength(2);
    expect(table.hashesAt(1001, 9)).toEqual([]);
    expect(table.heightsOf(hashOf(1999))).toEqual([1000]);
    expect(table.heightsOf(hashOf(3000))).toEqual([]);
    expect(table.heightBelow(2 ** 32)).toBe(1000);
    expect(table.heightBelow(1)).toBeNull();
    expect([...table.blocks()]).toHaveLength(3000);
  });

  test("an empty table has none", () => {
    const table = new NameTable();
    table.sort();
    expect(table.heightBelow(2 ** 32)).toBeNull();
    expect(table.hashesAt(NO_HEIGHT, 1)).toEqual([]);
  });

  test("take 50 bytes each", { tags: ["only-in-all"] }, () => {
    const hashes = Array.from({ length: 1000 }, (_, number) => hashOf(number));
    const before = process.memoryUsage().arrayBuffers;
    const table = new NameTable();
    const count = 2 ** 17;
    for (let row = 0; row < count; row++) table.add(BigInt(row), hashes[row % 1000]!, 10_000);
    table.sort();
    global.gc?.();
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(table.hashesAt(count - 1, 1)).toEqual([hashes[(count - 1) % 1000]]);
    expect(grown).toBeLessThan(count * 150);
  });
});

describe("the list of sources", () => {
  const sourceOf = (url: string, names: readonly string[], failure?: Error): BlockSource => ({
    url,
    isRemote: false,
    find: async () => null,
    async *list() {
      for (const name of names) yield { name, bytes: 100 };
      if (failure !== undefined) throw failure;
    },
    async [Symbol.asyncDispose]() {},
  });
  const silent: BlockSource = {
    ...{ url: "silent", isRemote: true, find: async () => null },
    async [Symbol.asyncDispose]() {},
  };

  async function list(sources: readonly BlockSource[], listedMax?: number) {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const limit = listedMax === undefined ? {} : { listedMax };
    return { places: await listPlaces(sources, { network, warn, ...limit }), warnings };
  }

  test("says what each of them has, and what they have together", async () => {
    const one = sourceOf("one", [nameOf(5, 1), nameOf(5, 2), nameOf(6, 3), "../etc/passwd", "x"]);
    const two = sourceOf("two", [`deep/er/${nameOf(6, 3)}.gz`, `sample-${hashOf(9)}.json`]);
    const { places } = await list([one, silent, two]);
    expect(places.places).toEqual([
      { url: "one", canList: true, files: 3, bytes: 300 },
      { url: "silent", canList: false, files: 0, bytes: 0 },
      { url: "two", canList: true, files: 2, bytes: 200 },
    ]);
    expect(places.canList).toBe(true);
    expect(places.candidates(6n)).toEqual([hashOf(3)]);
    expect(places.isWithoutHeight(hashOf(9))).toBe(true);
    expect(places.heightsOf(hashOf(9))).toEqual([]);
    expect(places.heightsOf(hashOf(2))).toEqual([5n]);
    expect([...places.heightsDown()]).toEqual([6n, 5n]);
    expect(places.range(4n, 6n)).toEqual({ heights: 2, files: 3, bytes: 300, chainBytes: 200 });
    expect(places.range(5n, 9n)).toMatchObject({ heights: 1, files: 1 });
  });

  test("tells of one height no more blocks than a network may have", async () => {
    const flood = Array.from({ length: 5000 }, (_, number) => nameOf(7, number));
    const { places } = await list([sourceOf("flood", flood)]);
    expect(places.candidates(7n)).toHaveLength(16);
  });

  test("ends at its bound, and says so", async () => {
    const many = Array.from({ length: 20 }, (_, number) => nameOf(number + 2, number));
    const { places, warnings } = await list([sourceOf("many", many)], 10);
    expect(places.candidates(11n)).toHaveLength(1);
    expect(places.candidates(12n)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("more than 10 block files")]);
  });

  test.each([
    ["may not be listed", new ConfigError("403", { hint: "grant it" })],
    ["is away", new TryAgainError("503", { hint: "run again" })],
  ])("leaves out a source that %s", async (_, failure) => {
    const { places, warnings } = await list([sourceOf("half", [nameOf(2, 2)], failure)]);
    expect(places.canList).toBe(false);
    expect(warnings).toEqual([`half cannot be listed: ${failure.message}`]);
  });

  test("does not pass over a damaged one", async () => {
    const damaged = sourceOf("cut", [], new SourceDataError("cut off", { hint: "get it again" }));
    await expect(list([damaged])).rejects.toThrow("cut off");
  });
});
