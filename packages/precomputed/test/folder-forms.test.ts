// Block files that do not lie under their ordinary names: in folders, behind web servers, in buckets.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import { type GcsEmulator, startGcsEmulator, zstdFrame, zstdRuns } from "@forklift/testkit";
import { Storage } from "@google-cloud/storage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { blockFileNames } from "../src/files/block-file-forms.ts";
import { openBlockSources } from "../src/open-block-sources.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId } from "../src/verify/block-source.ts";
import { idsIn, isMissing, unpackBundle } from "./mainnet.ts";

const network = "mainnet";

type Form = readonly [
  what: string,
  nameOf: (id: BlockId) => string,
  pack: (file: Buffer) => Buffer,
];

const plain = (file: Buffer) => file;
const names = (id: BlockId) =>
  blockFileNames(network, id) as [string, string, string, string, string, string];
const FORMS: readonly Form[] = [
  ["ordinary", (id) => names(id)[0], plain],
  ["packed by gzip", (id) => names(id)[1], (file) => gzipSync(file)],
  ["packed by zstd", (id) => names(id)[2], (file) => zstdFrame(file)],
  ["without a height", (id) => names(id)[3], plain],
  ["without a height, packed by zstd", (id) => names(id)[5], (file) => zstdFrame(file)],
  ["in folders by height", (id) => `${id.height}/${names(id)[0]}`, plain],
  ["in folders of thousands, packed", (id) => `0-999/${names(id)[1]}`, (file) => gzipSync(file)],
  ["named .gz and unpacked on the way", (id) => names(id)[1], plain],
  ["packed twice", (id) => names(id)[1], (file) => gzipSync(gzipSync(file))],
];

describe.skipIf(isMissing)("block files that are", () => {
  let home: string;
  let work: string;
  let chain: BlockId[];
  const contentOf = (id: BlockId) => readFileSync(join(home, names(id)[0]));

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "forklift-forms-"));
    await unpackBundle(home);
    chain = idsIn(home)
      .sort((a, b) => Number(a.height - b.height))
      .slice(0, 40);
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-forms-work-"));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(work, { recursive: true, force: true });
  });

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(work, name)), { recursive: true });
    await writeFile(join(work, name), bytes);
  }

  const open = (...urls: string[]) =>
    openBlockSources({ urls, network, scratchDirectory: join(home, "scratch") });

  /** A web server with these files by path; counts its requests. */
  async function serve(files: ReadonlyMap<string, Buffer>, headers: Record<string, string> = {}) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const name = request.url!.slice(1);
      asked.push(name);
      const file = files.get(name);
      if (file === undefined) return void response.writeHead(404).end();
      response.writeHead(200, { ...headers, "content-length": file.length }).end(file);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      asked,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  const filesOf = ([, nameOf, pack]: Form) =>
    new Map(chain.map((id) => [nameOf(id), pack(contentOf(id))] as const));

  test.each([
    ...FORMS,
    ["in any folder", (id: BlockId) => `a/b/${names(id)[4]}`, gzipSync] as Form,
  ])("%s are found in a folder, and none is missing", async (...form) => {
    for (const [name, bytes] of filesOf(form)) await put(name, bytes);
    await using sources = await open(work);
    for (const id of chain) expect((await sources.fetch(id)).height).toBe(id.height);
    expect(sources.statistics()).toMatchObject([{ found: chain.length, missing: 0, wrong: 0 }]);
  });

  test.each(FORMS)("%s are found behind a web server, by one request each", async (...form) => {
    await using server = await serve(filesOf(form));
    await using sources = await open(server.url);
    for (const id of chain) expect((await sources.fetch(id)).height).toBe(id.height);
    expect(sources.statistics()).toMatchObject([{ found: chain.length, missing: 0, wrong: 0 }]);
    // The first one shows how the others are named.
    expect(server.asked.length).toBeLessThan(chain.length + 18);
    expect(server.asked.slice(-5)).toEqual(chain.slice(-5).map((id) => form[1](id)));
  });

  test("kept with content-encoding gzip are found behind a web server that sends them so", async () => {
    const files = filesOf(["", (id) => names(id)[0], (file) => gzipSync(file)]);
    await using server = await serve(files, { "content-encoding": "gzip" });
    await using sources = await open(server.url);
    for (const id of chain) expect((await sources.fetch(id)).height).toBe(id.height);
    expect(server.asked).toHaveLength(chain.length);
  });

  test("elsewhere under their ordinary names cost a place without them one request each", async () => {
    await using empty = await serve(new Map());
    await using full = await serve(filesOf(FORMS[0]!));
    await using sources = await open(empty.url, full.url);
    for (const id of chain) await sources.fetch(id);
    expect(empty.asked.length).toBeLessThan(chain.length + 25);
    expect(full.asked).toHaveLength(chain.length);
    expect(sources.statistics()).toMatchObject([
      { missing: chain.length },
      { found: chain.length },
    ]);
  });

  test("nowhere are asked for under every name before they are called missing", async () => {
    await using server = await serve(new Map());
    await using sources = await open(server.url);
    for (const id of chain.slice(0, 10)) expect(await sources.fetchIfPresent(id)).toBeNull();
    expect(new Set(server.asked).size).toBe(18 * 10);
    expect(server.asked).toHaveLength(18 * 10);
    expect(sources.statistics()).toMatchObject([{ missing: 10 }]);
  });

  test("named in two ways, short ones below a height and long ones above it, are all found", async () => {
    const files = chain.map((id, at) => [names(id)[at < 20 ? 3 : 0], contentOf(id)] as const);
    await using server = await serve(new Map(files));
    await using sources = await open(server.url);
    for (const id of chain) await sources.fetch(id);
    expect(sources.statistics()).toMatchObject([{ found: chain.length, missing: 0 }]);
    expect(server.asked.length).toBeLessThan(chain.length + 20);
  });

  test("there twice count once, and the sound one of them is taken", async () => {
    const [first, second] = chain as [BlockId, BlockId];
    await put(names(first)[0], contentOf(first));
    await put(`x/${names(first)[3]}`, contentOf(first));
    await put(names(second)[0], contentOf(second).subarray(0, 3000));
    await put(`x/${names(second)[1]}`, gzipSync(contentOf(second)));
    await using sources = await open(work);
    expect(await sources.fetch(first)).toMatchObject({ height: first.height });
    expect(await sources.fetch(second)).toMatchObject({ height: second.height });
    expect(sources.statistics()).toMatchObject([{ found: 2, missing: 0, truncated: 1, wrong: 0 }]);
  });

  test.each<[string, (file: Buffer) => Buffer, RegExp]>([
    [
      "too large once unpacked by gzip",
      () => gzipSync(Buffer.alloc(BLOCK_FILE_BYTES_MAX + 1)),
      /unpacks to more than/,
    ],
    ["too large once unpacked by zstd", () => zstdRuns(257), /unpacks to more than 33554432 bytes/],
    [
      "of a window that is too large",
      (file) => zstdFrame(file, { windowByte: 0xff }),
      /wants a window/,
    ],
    ["cut off gzip", (file) => gzipSync(file).subarray(0, 900), /truncated: .* is cut off gzip/],
    ["cut off zstd", (file) => zstdFrame(file).subarray(0, 900), /truncated: .*cut off there/],
    ["damaged gzip", (file) => gzipSync(file).fill(0x55, 500, 600), /wrong: .* is damaged gzip/],
  ])("%s are refused", async (_what, pack, message) => {
    const id = chain[0]!;
    await put(`${names(id)[0]}.gz`, pack(contentOf(id)));
    await using sources = await open(work);
    const error: unknown = await sources.fetch(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceDataError);
    expect(`${error}`).toMatch(message);
  });

  describe("in a bucket", () => {
    let emulator: GcsEmulator;

    beforeEach(async () => {
      emulator = await startGcsEmulator({ dir: join(work, "bucket") });
      await emulator.createBucket("blocks");
      vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url);
    });
    afterEach(() => emulator[Symbol.asyncDispose]());

    const save = async (name: string, bytes: Buffer, options = {}) =>
      await new Storage({ projectId: "p" }).bucket("blocks").file(name).save(bytes, options);

    test("are found under whatever name a listing tells", async () => {
      const some = chain.slice(0, FORMS.length);
      for (const [at, [, nameOf, pack]] of FORMS.entries()) {
        await save(nameOf(some[at]!), pack(contentOf(some[at]!)));
      }
      await using sources = await open("gs://blocks");
      for (const id of some) expect((await sources.fetch(id)).height).toBe(id.height);
      expect(sources.statistics()).toMatchObject([{ found: some.length, missing: 0 }]);
    });

    test("and kept with content-encoding gzip are read, by one request each", async () => {
      for (const id of chain.slice(0, 5)) await save(names(id)[0], contentOf(id), { gzip: true });
      const before = emulator.requests.length;
      await using sources = await open("gs://blocks");
      for (const id of chain.slice(0, 5)) await sources.fetch(id);
      expect(emulator.requests.length - before).toBe(5);
    });
  });

  test("kept packed in a bucket and unpacked on the way are read without their checksum", async () => {
    const id = chain[0]!;
    const stored = gzipSync(contentOf(id));
    const server = createServer((_, response) => {
      response.setHeader("x-goog-stored-content-encoding", "gzip");
      response.setHeader("x-goog-hash", "crc32c=AAAAAA==");
      response.write(gunzipSync(stored), () => response.end());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    vi.stubEnv(
      "STORAGE_EMULATOR_HOST",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    await using sources = await open("gs://blocks");
    expect((await sources.fetch(id)).height).toBe(id.height);
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
});
