import { constants, deflateRawSync, gzipSync, type ZlibOptions } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BundleIndex } from "../src/bundle/bundle-index.ts";
import { type BlockStart, DeflateScanner } from "../src/bundle/deflate-scanner.ts";
import { gzipReader } from "../src/bundle/gzip-reader.ts";

/** The walk over a whole file, given in chunks of that size; what it handed on must be the file. */
function walk(file: Buffer, chunkBytes: number) {
  const starts: BlockStart[] = [];
  const gzip = new DeflateScanner((start) => starts.push(start));
  const passed: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += chunkBytes) {
    passed.push(gzip.push(file.subarray(at, at + chunkBytes)));
  }
  passed.push(gzip.end());
  expect(Buffer.concat(passed).equals(file)).toBe(true);
  return { starts, unpacked: gzip.unpacked };
}

/** Reads through an index in which every block start is a access point. */
function readerOf(file: Buffer, content: Buffer, starts: readonly BlockStart[]) {
  const index = new BundleIndex();
  const windows: Uint8Array[] = [];
  for (const { bit, unpacked, isFirstOfMember } of starts) {
    const window = isFirstOfMember ? null : { offset: windows.length, bytes: 0 };
    if (window !== null) {
      const before = content.subarray(Math.max(0, unpacked - 32 * 1024), unpacked);
      windows.push(deflateRawSync(before));
    }
    index.addPoint({ bit, unpacked, window });
  }
  return gzipReader(index, {
    bytes: file.length,
    unpackedBytes: content.length,
    read: async ({ offset, bytes }) => file.subarray(offset, offset + bytes),
    readWindow: async ({ offset }) => windows[offset]!,
    url: "a bundle",
  });
}

/**
 * Repeats and noise in turn: matches near and far, literals, and blocks that are only stored. From a
 * seed, so that a counterexample is a few numbers.
 */
function contentOf(seed: number): Buffer {
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };
  const pieces = Array.from({ length: below(12) }, () =>
    below(2) === 0
      ? Buffer.from(Array.from({ length: below(3000) }, () => below(256)))
      : Buffer.from(`${below(1000)} repeats, `.repeat(below(2000))),
  );
  return Buffer.concat([...pieces, ...pieces.toReversed()]);
}

const packings: fc.Arbitrary<ZlibOptions> = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  // Little memory makes many small blocks.
  memLevel: fc.integer({ min: 1, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

test("content is read from every block of any gzip file, wherever the chunks end", async () => {
  const members = fc.array(fc.tuple(fc.nat(), packings), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(members, fc.integer({ min: 1, max: 5000 }), async (seeds, chunkBytes) => {
      const parts = seeds.map(([seed, options]) => [contentOf(seed), options] as const);
      const file = Buffer.concat(parts.map(([content, options]) => gzipSync(content, options)));
      const content = Buffer.concat(parts.map(([bytes]) => bytes));
      const { starts, unpacked } = walk(file, chunkBytes);
      expect(unpacked).toBe(content.length);
      expect(starts.filter(({ isFirstOfMember }) => isFirstOfMember)).toHaveLength(parts.length);
      const read = readerOf(file, content, starts);
      for (const { unpacked: offset } of starts) {
        const bytes = Math.min(7, content.length - offset);
        const found = await read({ offset, bytes });
        expect(content.subarray(offset, offset + bytes).equals(found)).toBe(true);
      }
      const whole = await read({ offset: 0, bytes: content.length });
      expect(content.equals(whole)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a head with a name, extra bytes, a comment and a checksum is passed over", () => {
  const packed = gzipSync(Buffer.from("content"));
  const head = Buffer.from(packed.subarray(0, 10));
  head[3] = 2 | 4 | 8 | 16;
  const extra = Buffer.from([3, 0, 1, 2, 3]);
  const texts = Buffer.from("blocks.tar\0all of them\0");
  const file = Buffer.concat([head, extra, texts, Buffer.from([9, 9]), packed.subarray(10)]);
  for (const chunkBytes of [1, 7, 1000]) {
    const bit = 8 * (10 + extra.length + texts.length + 2);
    expect(walk(file, chunkBytes).starts).toEqual([{ bit, unpacked: 0, isFirstOfMember: true }]);
  }
});

test("nothing is found behind the last member, and nothing in what is no gzip", () => {
  const packed = gzipSync(Buffer.from("content"));
  expect(walk(Buffer.concat([packed, Buffer.alloc(2000)]), 100)).toMatchObject({ unpacked: 7 });
  expect(walk(Buffer.alloc(5000, "x"), 100)).toEqual({ starts: [], unpacked: 0 });
});

test("a file that was changed since it was indexed is refused, and read again when it is back", async () => {
  const content = Buffer.from(Array.from({ length: 20_000 }, (_, at) => `${at * at}`).join());
  const file = gzipSync(content, { memLevel: 1 });
  const sound = Buffer.from(file);
  const read = readerOf(file, content, walk(file, 1000).starts);
  file.fill(0x55, 1000, 1500);
  const all = { offset: 0, bytes: content.length };
  await expect(read(all)).rejects.toThrow(SourceDataError);
  await expect(read(all)).rejects.toThrow(/which it did when it was indexed/);
  sound.copy(file);
  expect(content.equals(await read(all))).toBe(true);
});
