// A bundle packed with zstd serves its blocks, on whatever Node, and says what room it takes.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import { zstdFrame, zstdRuns, zstdSkippable } from "@forklift/testkit";
import { packTar } from "modern-tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleSource } from "../src/bundle/bundle-source.ts";
import { bundleSpace } from "../src/bundle-space.ts";
import { blockFileNames } from "../src/files/block-file-forms.ts";
import { listIndexedBundle } from "../src/list-bundle.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId } from "../src/verify/block-source.ts";
import { BLOCK_COUNT, idsIn, isMissing, unpackBundle } from "./mainnet.ts";
import { grownMegabytes } from "./pass-memory.ts";

const MIB = 1024 * 1024;
const network = "mainnet";
const WRITTEN = new Date("2024-03-20T00:00:00Z");

/** Frames of so many bytes each, the last of them shorter; the last of the sizes goes on to the end. */
function framesOf(bytes: Buffer, ...sizes: number[]): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0, number = 0; at < bytes.length; number++) {
    const size = sizes[Math.min(number, sizes.length - 1)]!;
    frames.push(zstdSkippable(Buffer.alloc(4)), zstdFrame(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(frames);
}

describe.skipIf(isMissing)("a bundle packed with zstd", () => {
  let work: string;
  let scratchDirectory: string;
  let tar: Buffer;
  let ids: BlockId[];
  const nameOf = (id: BlockId) => blockFileNames(network, id)[0]!;
  const contentOf = (id: BlockId) => readFileSync(join(work, "unpacked", nameOf(id)));

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-zstd-"));
    scratchDirectory = join(work, "scratch");
    await mkdir(join(work, "unpacked"));
    await unpackBundle(join(work, "unpacked"));
    // In the order of names, as most are, in which small frames are unpacked once each.
    const names = ["--sort=name", "-C", work, "unpacked"];
    execFileSync("tar", ["-cf", join(work, "blocks.tar"), ...names]);
    tar = readFileSync(join(work, "blocks.tar"));
    ids = idsIn(join(work, "unpacked"));
  });

  afterAll(() => rm(work, { recursive: true, force: true }));

  function write(name: string, bytes: Uint8Array): string {
    const path = join(work, name);
    writeFileSync(path, bytes);
    utimesSync(path, WRITTEN, WRITTEN);
    return path;
  }

  async function bundleOf(
    file: string,
    entries: readonly (readonly [string, Uint8Array | string])[],
  ) {
    const packed = await packTar(
      entries.map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body) }, body })),
    );
    return bundleSource(write(file, zstdFrame(packed)), { network, scratchDirectory });
  }

  /** Which of its files are packed anew, one by one. */
  test.each([
    ["one frame", "all", () => zstdFrame(tar)],
    ["small frames", "none", () => framesOf(tar, 8 * MIB)],
    ["tiny frames", "none", () => framesOf(tar, 700_001)],
    ["a small frame before a large one", "some", () => framesOf(tar, 3 * MIB, 100 * MIB)],
    ["large and small frames", "some", () => framesOf(tar, 20 * MIB, 5 * MIB)],
  ])(
    "gives every file byte for byte, in any order, and is read once (%s)",
    async (what, stored, pack) => {
      const path = write(`${what}.tar.zst`, pack());
      const cache = { dir: join(work, `cache of ${what}`), maxBytes: 0 };
      const indexDirectory = join(cache.dir, "bundles");
      const open = () => bundleSource(path, { network, scratchDirectory, indexDirectory });
      await using first = open();
      const shuffled = ids.toSorted((a, b) =>
        a.stateHash.slice(9) < b.stateHash.slice(9) ? -1 : 1,
      );
      for (const id of ids) expect(contentOf(id).equals((await first.find(id))!)).toBe(true);
      expect(await first.find({ ...ids[0]!, height: 1n })).toBeNull();
      const [index] = await readdir(indexDirectory);
      const { size, ino } = statSync(join(indexDirectory, index!));
      expect(size > MIB).toBe(stored !== "none");
      expect(size).toBeLessThan(0.9 * tar.length);
      // Of a store's archive nothing is read again.
      if (stored === "all") write(basename(path), readFileSync(path).fill(0));
      await using second = open();
      for (const id of shuffled.slice(0, 50)) {
        expect(contentOf(id).equals((await second.find(id))!)).toBe(true);
      }
      expect(statSync(join(indexDirectory, index!)).ino).toBe(ino);
      expect((await listIndexedBundle(path, { network, scratchDirectory, cache }))!.size).toBe(
        BLOCK_COUNT,
      );
    },
  );

  test("tells how much room it will take, and none once it has it", async () => {
    const cache = { dir: join(work, "room"), maxBytes: 0 };
    const options = { network, scratchDirectory, cache };
    const small = write("in-place.tar.zst", framesOf(tar, 4 * MIB));
    expect(await bundleSpace(small, options)).toBeNull();
    const path = write("room.tar.zst", zstdFrame(tar));
    const { size } = statSync(path);
    const told = (await bundleSpace(path, options))!;
    expect(told.folder).toBe(join(work, "room/bundles"));
    expect(told.bytes).toBeGreaterThan(size);
    expect((await bundleSpace(path, { network, scratchDirectory }))!.folder).toBe(scratchDirectory);
    await using source = bundleSource(path, { ...options, indexDirectory: told.folder });
    await source.find(ids[0]!);
    expect(await bundleSpace(path, options)).toBeNull();
  });

  test("far away is not copied, and never travels again", async () => {
    const path = write("far.tar.zst", framesOf(tar, 5 * MIB));
    let whole = 0;
    const server = createServer((_, response) => {
      const { size } = statSync(path);
      response.writeHead(200, { "content-length": size, etag: '"one"' });
      const file = createReadStream(path);
      response.on("close", () => {
        if (file.bytesRead === size) whole++;
        file.destroy();
      });
      file.pipe(response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/far.tar.zst`;
      const indexDirectory = join(work, "far");
      for (const id of [ids[5]!, ids[3000]!]) {
        await using source = bundleSource(url, { network, scratchDirectory, indexDirectory });
        expect(contentOf(id).equals((await source.find(id))!)).toBe(true);
        await expect.poll(() => whole).toBe(1);
      }
    } finally {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  });

  test("cut off is refused as such, wherever it ends", async () => {
    const frames = { "one.tar.zst": zstdFrame(tar), "many.tar.zst": framesOf(tar, 4 * MIB) };
    for (const [name, packed] of Object.entries(frames)) {
      for (const bytes of [0, 3, 100, 70_000, packed.length / 4, packed.length - 10_250]) {
        const length = Math.floor(bytes);
        const path = write(`cut-${name}`, packed.subarray(0, length));
        await using source = bundleSource(path, { network, scratchDirectory });
        const error: unknown = await source.find(ids[0]!).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SourceDataError);
        expect(`${error}`).toContain(`is cut off at byte ${length}:`);
      }
    }
  });

  test.each<[string, (packed: Buffer) => void, RegExp]>([
    ["a block", (packed) => packed.fill(0xff, 9_000_000, 9_200_000), /is damaged at byte [0-9]+: /],
    [
      "a header of the tar",
      (packed) => {
        const at = packed.indexOf("unpacked/mainnet-", 30_000_000);
        packed[at] = packed[at]! ^ 1;
      },
      /is damaged at byte [0-9]+: /,
    ],
    ["the window", (packed) => packed.fill(0xff, 5, 6), /wants a window of/],
  ])("damaged in %s is refused", async (_what, damage, message) => {
    const packed = zstdFrame(tar);
    damage(packed);
    const path = write("damaged.tar.zst", packed);
    await using source = bundleSource(path, { network, scratchDirectory });
    const error: unknown = await source.find(ids[0]!).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceDataError);
    expect(`${error}`).toMatch(message);
  });

  test("a file that was packed anew and is damaged since is refused", async () => {
    const path = write("store.tar.zst", zstdFrame(tar));
    const indexDirectory = join(work, "store");
    const open = () => bundleSource(path, { network, scratchDirectory, indexDirectory });
    await using first = open();
    await first.find(ids[0]!);
    const index = join(indexDirectory, (await readdir(indexDirectory))[0]!);
    const bytes = readFileSync(index);
    bytes.fill(0x55, 2000, 2100);
    writeFileSync(index, bytes);
    await using second = open();
    const results = await Promise.allSettled(ids.map((id) => second.find(id)));
    const refused = results.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(3);
    expect(`${(refused[0] as PromiseRejectedResult).reason}`).toMatch(
      /packed anew, is damaged at byte/,
    );
  });

  test("may hold files under all their names, of which the ordinary one is taken first", async () => {
    const [long, longGzip, longZstd, short, shortGzip] = blockFileNames(network, ids[0]!);
    const [, , , , , shortZstd] = blockFileNames(network, ids[1]!);
    await using doubled = await bundleOf("doubled.tar.zst", [
      [`a/${short}`, "short"],
      [`b/${long}`, "long"],
      [`c/${longGzip}`, gzipSync("packed")],
      [`2/${shortZstd}`, zstdFrame(Buffer.from("other"))],
    ]);
    expect(`${Buffer.from((await doubled.find(ids[0]!))!)}`).toBe("long");
    expect(`${Buffer.from((await doubled.find(ids[1]!))!)}`).toBe("other");
    const rest: string[] = [];
    const others = doubled.others!(ids[0]!, true);
    for (let it = await others.next(); it.done !== true; it = await others.next()) {
      rest.push(`${Buffer.from(it.value)}`);
    }
    expect(rest).toEqual(["packed", "short"]);
    for (const name of [longGzip, longZstd, short, shortGzip]) {
      const packed = name!.endsWith(".gz") ? gzipSync("it") : zstdFrame(Buffer.from("it"));
      await using alone = await bundleOf("alone.tar.zst", [
        [`x/${name}`, name!.endsWith(".json") ? "it" : packed],
      ]);
      expect(`${Buffer.from((await alone.find(ids[0]!))!)}`).toBe("it");
    }
  });

  test("refuses a file that is too large, packed or not, only when it is asked for", async () => {
    const bomb = zstdRuns(BLOCK_FILE_BYTES_MAX / (128 * 1024) + 1);
    await using source = await bundleOf("large.tar.zst", [
      [nameOf(ids[0]!), Buffer.alloc(BLOCK_FILE_BYTES_MAX + 1, "x")],
      [`${nameOf(ids[1]!)}.zst`, bomb],
      [`${nameOf(ids[2]!)}.gz`, gzipSync(Buffer.alloc(BLOCK_FILE_BYTES_MAX + 1))],
      [nameOf(ids[3]!), contentOf(ids[3]!)],
      [nameOf(ids[4]!), ""],
    ]);
    expect(contentOf(ids[3]!).equals((await source.find(ids[3]!))!)).toBe(true);
    expect(await source.find(ids[4]!)).toHaveLength(0);
    await expect(source.find(ids[0]!)).rejects.toThrow(/may have 33554432 bytes at most/);
    await expect(source.find(ids[1]!)).rejects.toThrow(/unpacks to more than 33554432 bytes/);
    await expect(source.find(ids[2]!)).rejects.toThrow(/unpacks to more than 33554432 bytes/);
  });

  test("is read in bounded memory", () => {
    // 270 MB in one frame: were its packed or unpacked bytes kept, the child would not stay below.
    let end = tar.length;
    while (tar[end - 1] === 0) end--;
    const files = tar.subarray(0, Math.ceil(end / 512) * 512);
    const path = write("heavy.tar.zst", zstdFrame(Buffer.concat([...Array(5).fill(files), tar])));
    const blockName = nameOf(ids[0]!);
    expect(grownMegabytes({ path, scratchDirectory, blockName })).toBeLessThan(150);
  });
});
