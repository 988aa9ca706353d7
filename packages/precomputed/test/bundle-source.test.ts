import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { blockFileName } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { packTar, type TarHeader } from "modern-tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleSource } from "../src/bundle/bundle-source.ts";
import { openBlockSources } from "../src/open-block-sources.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId } from "../src/verify/block-source.ts";
import { BLOCK_COUNT, BUNDLE, idsIn, isMissing, unpackBundle } from "./mainnet.ts";
import { grownMegabytes } from "./pass-memory.ts";

describe.skipIf(isMissing)("a bundle of blocks", () => {
  let work: string;
  let scratchDirectory: string;
  let unpacked: string;
  let plain: string;
  let ids: BlockId[];
  const network = "mainnet";
  const nameOf = (id: BlockId) => blockFileName({ network, ...id });
  const contentOf = (id: BlockId) => readFileSync(join(unpacked, nameOf(id)));

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-bundle-"));
    scratchDirectory = join(work, "scratch");
    unpacked = join(work, "unpacked");
    plain = join(work, "blocks.tar");
    await mkdir(unpacked);
    await unpackBundle(unpacked);
    execFileSync("tar", ["-cf", plain, "-C", work, "unpacked"]);
    ids = idsIn(unpacked);
  });

  afterAll(() => rm(work, { recursive: true, force: true }));

  async function bundleOf(file: string, entries: { name: string; body: Uint8Array | string }[]) {
    const path = join(work, file);
    const tar = await packTar(
      entries.map(({ name, body }) => ({ header: { name, size: Buffer.byteLength(body) }, body })),
    );
    writeFileSync(path, path.endsWith(".tar") ? tar : gzipSync(tar));
    return bundleSource(path, { network, scratchDirectory });
  }

  test.each([
    ["compressed", () => BUNDLE],
    ["plain", () => plain],
  ])(
    "gives every file byte for byte, in any order (%s)",
    { tags: ["only-in-all"] },
    async (_, path) => {
      await using source = bundleSource(path(), { network, scratchDirectory });
      // Near one another and far apart, alone and together: the order of names, then no order at all.
      const shuffled = ids.toSorted((a, b) =>
        a.stateHash.slice(9) < b.stateHash.slice(9) ? -1 : 1,
      );
      const isRight = async (id: BlockId) => contentOf(id).equals((await source.find(id))!);
      for (const id of ids) expect(await isRight(id)).toBe(true);
      expect(await Promise.all(shuffled.slice(0, 300).map(isRight))).not.toContain(false);
      expect(ids).toHaveLength(BLOCK_COUNT);
      expect(await source.find({ ...ids[0]!, height: 1n })).toBeNull();
    },
  );

  test("keeps nothing under a name, and a plain one needs no scratch at all", async () => {
    await rm(scratchDirectory, { recursive: true, force: true });
    await using local = bundleSource(plain, { network, scratchDirectory });
    await local.find(ids[0]!);
    await expect(stat(scratchDirectory)).rejects.toThrow(/ENOENT/);
    await using compressed = await bundleOf("one.tgz", [{ name: nameOf(ids[0]!), body: "one" }]);
    expect(await compressed.find(ids[0]!)).toHaveLength(3);
    expect(await readdir(scratchDirectory)).toEqual([]);
  });

  /** A bundle whose head can be spoiled without its size and time showing it. */
  async function indexed(name: string) {
    const whole = name.endsWith(".tar") ? plain : BUNDLE;
    const path = join(work, name);
    const indexDirectory = join(work, `index-of-${name}`);
    const written = new Date("2024-06-05T00:00:00Z");
    writeFileSync(path, readFileSync(whole));
    utimesSync(path, written, written);
    const openSource = () => bundleSource(path, { network, scratchDirectory, indexDirectory });
    await using source = openSource();
    await source.find(ids[0]!);
    const [indexName] = await readdir(indexDirectory);
    return {
      openSource,
      indexFile: join(indexDirectory, indexName!),
      spoilHead() {
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0, 0, 8));
        utimesSync(path, written, written);
      },
      touch: () => utimesSync(path, written, new Date(written.getTime() + 1000)),
    };
  }

  test.each(["kept.tar", "kept.tar.gz"])("is read through once, by all runs (%s)", async (name) => {
    const { openSource, spoilHead, touch } = await indexed(name);
    spoilHead();
    await using again = openSource();
    for (const id of ids.filter((_, index) => index % 40 === 17)) {
      expect(contentOf(id).equals((await again.find(id))!)).toBe(true);
    }
    // Written since: whatever the index says is not said of this file.
    touch();
    await using changed = openSource();
    await expect(changed.find(ids[0]!)).rejects.toThrow(/is damaged at byte/);
  });

  test("what a killed run has left of its index is removed by the next one", async () => {
    const { openSource, indexFile } = await indexed("killed.tar.gz");
    const names = [".bundle-a.index.b.partial", ".bundle-a.index.c.partial"];
    const [old, young] = names.map((name) => join(dirname(indexFile), name)) as [string, string];
    for (const path of [old, young]) writeFileSync(path, "half");
    const yesterday = new Date(Date.now() - 86_400_000);
    utimesSync(old, yesterday, yesterday);
    await rm(indexFile);
    await using source = openSource();
    expect(await source.find(ids[5]!)).not.toBeNull();
    const left = await readdir(dirname(indexFile));
    expect(left.sort()).toEqual([basename(young), basename(indexFile)]);
  });

  test("an index that is damaged or cut is not believed, but made again", {
    tags: ["only-in-all"],
  }, async () => {
    const { openSource, indexFile } = await indexed("again.tar.gz");
    const sound = readFileSync(indexFile);
    const spoiled = Buffer.from(sound);
    spoiled[1000] = spoiled[1000]! ^ 1;
    for (const bytes of [spoiled, sound.subarray(0, -1), sound.subarray(0, 10), Buffer.alloc(0)]) {
      writeFileSync(indexFile, bytes);
      await using source = openSource();
      expect(contentOf(ids[5]!).equals((await source.find(ids[5]!))!)).toBe(true);
      expect(readFileSync(indexFile).equals(sound)).toBe(true);
    }
  });

  test("verifies as it is", async () => {
    await using sources = await openBlockSources({ urls: [BUNDLE], network, scratchDirectory });
    const sample = ids.filter((_, index) => index % 39 === 0);
    const heights: bigint[] = [];
    for await (const block of sources.fetchAll(sample)) {
      heights.push(block.protocolState.body.consensusState.blockchainLength);
    }
    expect(heights).toEqual(sample.map(({ height }) => height));
    expect(sources.statistics()).toMatchObject([{ found: sample.length, missing: 0, wrong: 0 }]);
  });

  /** A web server with a bundle: it reports its version, and counts how often it was sent whole. */
  async function serveBundle(path: string) {
    const served = { version: '"one"' as string | null, asked: 0, whole: 0, ended: 0 };
    const server = createServer((_, response) => {
      served.asked++;
      const file = createReadStream(path);
      const { size } = statSync(path);
      response.setHeader("content-length", size);
      if (served.version !== null) response.setHeader("etag", served.version);
      // Not on "finish": who has got all bytes may close before we have said that they were all.
      response.on("close", () => {
        served.ended++;
        if (file.bytesRead === size) served.whole++;
        file.destroy();
      });
      file.pipe(response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      served,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(path)}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  test("is let go of when there is no place to keep it", async () => {
    await using server = await serveBundle(plain);
    await using source = bundleSource(server.url, { network, scratchDirectory: plain });
    await expect(source.find(ids[0]!)).rejects.toThrow(/cannot create .*: E/);
    await expect.poll(() => server.served.ended).toBe(1);
  });

  test("is read over HTTP, once however many ask at the same time", async () => {
    await using server = await serveBundle(BUNDLE);
    await using source = bundleSource(server.url, { network, scratchDirectory });
    expect(server.served).toMatchObject({ asked: 0 });
    const found = await Promise.all(ids.slice(0, 20).map((id) => source.find(id)));
    expect(found.every((bytes, index) => contentOf(ids[index]!).equals(bytes!))).toBe(true);
    await expect.poll(() => server.served).toMatchObject({ asked: 1, whole: 1 });
  });

  test.each([
    ["compressed", () => BUNDLE],
    ["plain", () => plain],
  ])(
    "far away travels again only for a block that it has (%s)",
    { tags: ["only-in-all"] },
    async (what, path) => {
      await using server = await serveBundle(path());
      const { served, url } = server;
      const indexDirectory = join(work, `far-${what}`);
      const find = async (id: BlockId) => {
        await using source = bundleSource(url, { network, scratchDirectory, indexDirectory });
        return await source.find(id);
      };
      // The server hears of the end of an answer after the one who got it.
      const expectWhole = async (count: number) =>
        await expect.poll(() => served.whole).toBe(count);
      const [there, lost] = [ids[7]!, { ...ids[7]!, height: 1n }];
      expect(contentOf(there).equals((await find(there))!)).toBe(true);
      await expectWhole(1);
      expect([await find(lost), await find(lost)]).toEqual([null, null]);
      await expectWhole(1);
      // Nor is it held back half read.
      await expect.poll(() => served.ended).toBe(served.asked);
      expect(contentOf(there).equals((await find(there))!)).toBe(true);
      await expectWhole(2);
      served.version = '"two"';
      expect(await find(lost)).toBeNull();
      await expectWhole(3);
      // Without a version, or with a weak one only, nothing is remembered.
      for (const version of [null, 'W/"two"']) {
        served.version = version;
        const before = served.whole;
        await find(lost);
        expect(await find(lost)).toBeNull();
        await expectWhole(before + 2);
      }
    },
  );

  test("far away and replaced during a run is not read by the index of the former one", {
    tags: ["only-in-all"],
  }, async () => {
    await using server = await serveBundle(BUNDLE);
    const options = { network, scratchDirectory, indexDirectory: join(work, "replaced") };
    await using first = bundleSource(server.url, options);
    expect(await first.find({ ...ids[0]!, height: 1n })).toBeNull();
    await using source = bundleSource(server.url, options);
    expect(await source.find({ ...ids[0]!, height: 1n })).toBeNull();
    server.served.version = '"two"';
    const error = await source.find(ids[0]!).then(String, (thrown: unknown) => thrown);
    // A repeated query must not leave one more download open.
    await expect.poll(() => server.served.ended).toBe(server.served.asked);
    expect(error).toBeInstanceOf(TryAgainError);
    expect(`${error}`).toMatch(/was \d+ bytes, "one" when this run began, and is .*"two"/);
    server.served.version = '"one"';
    expect(contentOf(ids[0]!).equals((await source.find(ids[0]!))!)).toBe(true);
  });

  test.each(["blocks.tar", "blocks.tar.gz"])(
    "cut off is refused (%s)",
    { tags: ["only-in-all"] },
    async (name) => {
      const whole = readFileSync(name.endsWith(".tar") ? plain : BUNDLE);
      for (const bytes of [0, 100, 512, 70_000, whole.length / 4, whole.length - 10_250]) {
        const cut = join(work, `cut-${name}`);
        const length = Math.floor(bytes);
        writeFileSync(cut, whole.subarray(0, length));
        await using source = bundleSource(cut, { network, scratchDirectory });
        await expect(source.find(ids[0]!)).rejects.toThrow(`is cut off at byte ${length}:`);
        await expect(source.find(ids[0]!)).rejects.toThrow(SourceDataError);
      }
    },
  );

  test.each([
    ["damaged.tar", () => plain, damageHeader],
    ["damaged.tar.gz", () => BUNDLE, damageDeflate],
  ])("damaged in the middle is refused (%s)", async (name, whole, damage) => {
    const bytes = readFileSync(whole());
    damage(bytes);
    const path = join(work, name);
    writeFileSync(path, bytes);
    await using source = bundleSource(path, { network, scratchDirectory });
    await expect(source.find(ids[0]!)).rejects.toThrow(/is damaged at byte [0-9]+/);
  });

  test.each(["mixed.tar", "mixed.tgz"])(
    "may hold folders, long paths, foreign files and other networks (%s)",
    async (file) => {
      const [one, two, three] = ids as [BlockId, BlockId, BlockId];
      await using source = await bundleOf(file, [
        { name: "README.md", body: "hello" },
        { name: `${"deep/".repeat(60)}${nameOf(two)}`, body: "two" },
        { name: `devnet-${three.height}-${three.stateHash}.json`, body: "three" },
        { name: `a/${nameOf(one)}`, body: "former" },
        { name: `._${nameOf(three)}`, body: "resource fork" },
        { name: `b/${nameOf(one)}`, body: "latter" },
        { name: "mainnet-7-3Nnothash.json", body: "x" },
      ]);
      expect(`${Buffer.from((await source.find(two))!)}`).toBe("two");
      expect(`${Buffer.from((await source.find(one))!)}`).toBe("latter");
      expect(await source.find(three)).toBeNull();
    },
  );

  test.each(["sizes.tar", "sizes.tgz"])(
    "tells of members that are empty or too large only when asked for them (%s)",
    async (file) => {
      const [empty, large, sound] = ids as [BlockId, BlockId, BlockId];
      await using source = await bundleOf(file, [
        { name: nameOf(empty), body: "" },
        { name: nameOf(large), body: Buffer.alloc(BLOCK_FILE_BYTES_MAX + 1, "x") },
        { name: nameOf(sound), body: contentOf(sound) },
      ]);
      expect(contentOf(sound).equals((await source.find(sound))!)).toBe(true);
      expect(await source.find(empty)).toHaveLength(0);
      await expect(source.find(large)).rejects.toThrow(/may have 33554432 bytes at most/);
    },
  );

  test("is read in bounded memory", { tags: ["only-in-all"] }, async () => {
    // 300 MB of members: were they kept, the child would not stay below a third of that.
    const path = join(work, "large.tar.gz");
    const body = new Uint8Array(Buffer.alloc(1_000_000, '{"not":"a block"}\n'));
    const header = (id: BlockId): TarHeader => ({ name: nameOf(id), size: body.length });
    const pieces = ids.slice(0, 300).map((id) => ({ header: header(id), body }));
    for (let at = 0; at < pieces.length; at += 50) {
      const isLast = at + 50 >= pieces.length;
      const tar = await packTar(pieces.slice(at, at + 50));
      const part = gzipSync(isLast ? tar : tar.subarray(0, -1024), { level: 1 });
      writeFileSync(path, part, { flag: at === 0 ? "w" : "a" });
    }
    const blockName = nameOf(ids[0]!);
    expect(grownMegabytes({ path, scratchDirectory, blockName })).toBeLessThan(100);
  });
});

/** The checksum of one header far inside the archive. */
function damageHeader(bytes: Buffer): void {
  const header = bytes.indexOf("unpacked/mainnet-", 30_000_000);
  bytes[header] = bytes[header]! ^ 1;
}

function damageDeflate(bytes: Buffer): void {
  bytes.fill(0x55, 10_000_000, 10_000_100);
}
