import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import {
  isMainnetDataMissing,
  sharedPath,
  zstdFrame,
  zstdRuns,
  zstdSkippable,
} from "@forklift/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import createXxhash from "xxhash-wasm";
import { compressionOf } from "../src/compression-of.ts";
import { decodeWithLibrary } from "../src/decode-with-library.ts";
import { unzstd } from "../src/unzstd.ts";
import { frameParts } from "../src/zstd-frames.ts";

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpacked(bytes: Uint8Array, size = 65_536): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of unzstd(inPieces(bytes, size), "the file")) pieces.push(piece);
  return Buffer.concat(pieces);
}

const { h64Raw } = await createXxhash();
const checksumOf = (bytes: Uint8Array) => Number(h64Raw(bytes) & 0xffff_ffffn);

describe("a zstd stream", () => {
  test("unpacks to what was packed, in whatever frames and pieces it comes", async () => {
    const frames = fc.array(
      fc.record({
        bytes: fc.uint8Array({ maxLength: 2000 }),
        hasChecksum: fc.boolean(),
        isSkippable: fc.boolean(),
      }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 700 }), async (list, size) => {
        const packed = list.map(({ bytes, hasChecksum, isSkippable }) => {
          if (isSkippable) return zstdSkippable(bytes);
          return zstdFrame(bytes, hasChecksum ? { checksum: checksumOf(bytes) } : {});
        });
        const kept = list.filter(({ isSkippable }) => !isSkippable).map(({ bytes }) => bytes);
        expect(await unpacked(Buffer.concat(packed), size)).toEqual(Buffer.concat(kept));
      }),
    );
  });

  test("is unpacked by the library as by Node, whichever of them this Node has", async () => {
    const bytes = Buffer.from("forklift".repeat(40_000));
    const packed = zstdFrame(bytes, { checksum: checksumOf(bytes) });
    const pieces: Uint8Array[] = [];
    for await (const piece of decodeWithLibrary(frameParts(inPieces(packed, 999), "x"))) {
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect((await unpacked(packed)).equals(bytes)).toBe(true);
  });

  test.each<[string, Buffer, RegExp]>([
    ["cut off in a header", zstdFrame(Buffer.alloc(9)).subarray(0, 4), /cut off there, at byte 4$/],
    [
      "cut off in a block",
      zstdFrame(Buffer.alloc(99)).subarray(0, 60),
      /cut off there, at byte 60$/,
    ],
    ["cut off behind a block", zstdRuns(4).subarray(0, -4), /cut off there, at byte 18$/],
    [
      "followed by something else",
      Buffer.concat([zstdRuns(1), Buffer.from("more")]),
      /no frame begins/,
    ],
    ["with a wrong checksum", zstdFrame(Buffer.alloc(9), { checksum: 1 }), /checksum/i],
    // A table of one symbol, whose every state takes no bit: a decoder that trusts it goes on for ever.
    [
      "with a table that takes no bit",
      Buffer.from("28b52ffd005065000082000205f003ffffffffff00", "hex"),
      /zstd is damaged: \D/,
    ],
    ["with a reserved block", Buffer.from("28b52ffd0050070000", "hex"), /no block begins there/],
    ["of a dictionary", Buffer.from("28b52ffd015001010000", "hex"), /needs a dictionary/],
    [
      "of a window of 256 MiB",
      zstdFrame(Buffer.alloc(9), { windowByte: 18 << 3 }),
      /268435456 bytes, exp/,
    ],
    [
      "of a window of 3.75 TiB",
      zstdFrame(Buffer.alloc(9), { windowByte: 255 }),
      /4123168604160 bytes/,
    ],
  ])("is refused when it is %s", async (_name, packed, message) => {
    await expect(unpacked(packed)).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(message),
    });
  });

  test("is unpacked by the library beside another, and neither disturbs the other", async () => {
    const both = [..."ab"].map((letter) => Buffer.from(letter.repeat(700_000)));
    const readers = both.map((bytes) =>
      decodeWithLibrary(frameParts(inPieces(zstdFrame(bytes), 50_000), "x")),
    );
    const found: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0)];
    for (let isMore = true; isMore; ) {
      const next = await Promise.all(readers.map((reader) => reader.next()));
      isMore = next.some(({ done }) => done !== true);
      next.forEach(({ value }, at) => {
        if (value !== undefined) found[at] = Buffer.concat([found[at]!, value]);
      });
    }
    expect(found.map((bytes, at) => bytes.equals(both[at]!))).toEqual([true, true]);
  });

  test.skipIf(isMainnetDataMissing())(
    "of real data gives the bytes whose checksum it carries, by the library as by Node",
    async () => {
      const packed = await readFile(sharedPath("cases/dumps/plain.sql.zst"));
      const pieces: Uint8Array[] = [];
      for await (const piece of decodeWithLibrary(frameParts(inPieces(packed, 777), "x"))) {
        pieces.push(piece);
      }
      const plain = Buffer.concat(pieces);
      expect(plain.toString()).toContain("-- PostgreSQL database dump complete");
      expect(checksumOf(plain)).toBe(packed.readUInt32LE(packed.length - 4));
      expect((await unpacked(packed)).equals(plain)).toBe(true);
      const flipped = Buffer.from(packed);
      flipped[30_000]! ^= 1;
      await expect(unpacked(flipped)).rejects.toMatchObject({ name: "SourceDataError" });
    },
  );

  test("with a bit turned anywhere unpacks as before or is refused, by the library as by Node", async () => {
    const bytes = randomBytes(3000);
    const packed = zstdFrame(bytes, { checksum: checksumOf(bytes) });
    const position = fc.integer({ min: 0, max: packed.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(position, async (bit) => {
        const turned = Buffer.from(packed);
        turned[bit >> 3]! ^= 1 << (bit & 7);
        const library = async () => {
          const pieces: Uint8Array[] = [];
          const parts = frameParts(inPieces(turned, 500), "x");
          for await (const piece of decodeWithLibrary(parts)) pieces.push(piece);
          return Buffer.concat(pieces);
        };
        for (const read of [library, () => unpacked(turned)]) {
          const found = await read().catch((error: unknown) => error);
          if (found instanceof Buffer) expect(found.equals(bytes)).toBe(true);
          else expect((found as Error).name).toMatch(/^(?:SourceDataError|Error)$/);
        }
      }),
    );
  });

  test("passes on what its source says, and gives it back when it is left", async () => {
    const open = new Set<string>();
    async function* source(name: string, end: () => void) {
      open.add(name);
      try {
        yield* inPieces(zstdRuns(40_000).subarray(0, -4), 65_536);
        end();
      } finally {
        open.delete(name);
      }
    }
    const broken = source("broken", () => {
      throw new Error("storage broke");
    });
    const read = async () => {
      for await (const _piece of unzstd(broken, "the file"));
    };
    await expect(read()).rejects.toThrow("storage broke");
    for await (const _piece of unzstd(
      source("left", () => undefined),
      "the file",
    ))
      break;
    expect([...open]).toEqual([]);
  });

  // 32,768 blocks of 4 bytes unpack to 4 GB.
  test("that unpacks to a thousand times its size holds a bounded amount of memory", async () => {
    const packed = zstdRuns(32_768);
    const before = process.memoryUsage.rss();
    let bytes = 0;
    let peak = 0;
    for await (const piece of unzstd(inPieces(packed, 65_536), "the file")) {
      bytes += piece.length;
      expect(piece.length).toBeLessThanOrEqual(256 * 1024);
      if (bytes % (64 * 1024 * 1024) === 0) peak = Math.max(peak, process.memoryUsage.rss());
    }
    expect(bytes).toBe(32_768 * 128 * 1024);
    expect(peak - before).toBeLessThan(200 * 1024 * 1024);
  });
});

test("how bytes are packed is told by how they begin", () => {
  expect(compressionOf(gzipSync("x"))).toBe("gzip");
  expect(compressionOf(zstdFrame(Buffer.from("x")))).toBe("zstd");
  expect(compressionOf(zstdSkippable(Buffer.alloc(3)))).toBe("zstd");
  expect(compressionOf(Buffer.from("-- SQL"))).toBe("none");
  expect(compressionOf(Buffer.alloc(2))).toBe("none");
});
