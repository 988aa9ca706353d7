// Chooses chains from the first 2,025 heights of mainnet, orphans among them, in every kind of place.

import { once } from "node:events";
import { linkSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BlockRef, blockFileName, parseStateHash } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { zstdFrame } from "@forklift/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openBlockSources } from "../src/open-block-sources.ts";
import { findBlock } from "../src/picking/find-block.ts";
import type { PickStatistics } from "../src/picking/links-ahead.ts";
import { type PickRange, pickChain } from "../src/picking/pick-chain.ts";
import { BLOCK_COUNT, BUNDLE, idsIn, isMissing, unpackBundle } from "./mainnet.ts";

const network = "mainnet";
const nameOf = (id: BlockRef) => blockFileName({ network, ...id });

const TIP: BlockRef = {
  height: 2025n,
  stateHash: parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4"),
};
const GENESIS: BlockRef = {
  height: 1n,
  stateHash: parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ"),
};

describe.skipIf(isMissing)("a chain that is picked from block files", () => {
  let unpacked: string;
  let work: string;
  /** By height, as the files' own words link them. */
  let chain: Map<bigint, BlockRef>;

  const pathOf = (id: BlockRef) => join(unpacked, nameOf(id));
  const at = (height: number) => chain.get(BigInt(height))!;

  beforeAll(async () => {
    unpacked = await mkdtemp(join(tmpdir(), "forklift-pick-"));
    await unpackBundle(unpacked);
    chain = new Map();
    for (let block = TIP; block.height > 1n; ) {
      chain.set(block.height, block);
      const { protocol_state: state } = JSON.parse(readFileSync(pathOf(block), "latin1"));
      block = { height: block.height - 1n, stateHash: state.previous_state_hash };
    }
  });
  afterAll(() => rm(unpacked, { recursive: true, force: true }));

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-picked-"));
    for (const folder of ["one", "two"]) await mkdir(join(work, folder));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  const open = (...urls: string[]) =>
    openBlockSources({ urls, network, scratchDirectory: join(work, "scratch") });

  /** What was picked, in ascending height. */
  async function pick(urls: readonly string[], range: Partial<PickRange> = {}) {
    await using sources = await open(...urls);
    const all = { tip: TIP, downTo: null, genesis: GENESIS, network, ...range };
    let statistics: PickStatistics | undefined;
    const onEnd = (found: PickStatistics) => {
      statistics = found;
    };
    const picked: BlockRef[] = [];
    for await (const { height, stateHash } of pickChain(sources, { ...all, onEnd })) {
      picked.unshift({ height, stateHash });
    }
    return { picked, statistics: statistics!, sources: sources.statistics() };
  }

  const expected = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => at(from + index));

  /** Hard links of the files of some heights, in a folder of the test. */
  function folderOf(name: string, isWanted: (id: BlockRef) => boolean): string {
    for (const id of idsIn(unpacked).filter(isWanted)) {
      linkSync(pathOf(id), join(work, name, nameOf(id)));
    }
    return join(work, name);
  }

  async function serve(
    answer: (name: string, request: IncomingMessage, to: ServerResponse) => void,
  ) {
    const names: string[] = [];
    const server = createServer((request, response) => {
      const name = request.url!.slice(1);
      names.push(name);
      answer(name, request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      names,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  test.each([
    ["a folder", () => unpacked],
    ["a bundle", () => BUNDLE],
  ])(
    "is that of the links, from %s, and little is read of each file",
    { tags: ["only-in-all"] },
    async (_, url) => {
      const { picked, statistics, sources } = await pick([url()]);
      expect(picked).toEqual(expected(2, 2025));
      expect(statistics).toEqual({ read: BLOCK_COUNT, unused: BLOCK_COUNT - 2024 });
      expect(sources[0]!.bytes).toBeLessThanOrEqual(BLOCK_COUNT * 8192);
    },
  );

  test("ends above the block that it goes down to, and must hold it", async () => {
    const range = { tip: at(300), downTo: at(291) };
    const { picked, statistics } = await pick([unpacked], range);
    expect(picked).toEqual(expected(292, 300));
    expect(statistics.read).toBeLessThan(30);
    const [beside] = idsIn(unpacked).filter(
      (id) => id.height === 291n && id.stateHash !== at(291).stateHash,
    );
    await expect(pick([unpacked], { ...range, downTo: beside! })).rejects.toThrow(
      `has block ${at(291).stateHash} at height 291, where ${beside!.stateHash} is expected`,
    );
    expect((await pick([unpacked], { tip: at(300), downTo: at(300) })).picked).toEqual([]);
    await expect(pick([unpacked], { tip: at(299), downTo: at(300) })).rejects.toThrow(
      "is not above block",
    );
  });

  test("is walked one by one in a place that cannot be listed, by parts of its files", async () => {
    await using server = await serve((name, request, response) => {
      const file = readFileSync(join(unpacked, name));
      const [, end] = /^bytes=0-(\d+)$/.exec(request.headers.range!)!;
      const part = file.subarray(0, Number(end) + 1);
      response
        .writeHead(206, { "content-range": `bytes 0-${part.length - 1}/${file.length}` })
        .end(part);
    });
    const range = { tip: at(60), downTo: at(20) };
    const { picked, statistics, sources } = await pick([server.url], range);
    expect(picked).toEqual(expected(21, 60));
    expect(server.names).toEqual(picked.map(nameOf).reverse());
    expect(statistics).toEqual({ read: 40, unused: 0 });
    expect(sources[0]!.bytes).toBeLessThanOrEqual(40 * 8192);
  });

  test("comes from a server that sends whole files whatever it is asked for", async () => {
    await using server = await serve((name, _, response) => {
      response.end(readFileSync(join(unpacked, name)));
    });
    const { picked } = await pick([server.url], { tip: at(60), downTo: at(50) });
    expect(picked).toEqual(expected(51, 60));
  });

  test("is right where the first place lies and the second does not", async () => {
    const liar = folderOf("one", ({ height }) => height > 120n && height <= 130n);
    const forged = (id: BlockRef, change: (text: string) => string) =>
      writeFileSync(join(liar, nameOf(id)), change(readFileSync(pathOf(id), "latin1")));
    // Another parent, another block's file, no block, one that ends too early.
    forged(at(110), (text) => text.replace(at(109).stateHash, at(90).stateHash));
    forged(at(108), () => readFileSync(pathOf(at(107)), "latin1"));
    forged(at(106), () => "<!DOCTYPE html>");
    forged(at(104), (text) => text.slice(0, 900));
    const range = { tip: at(130), downTo: at(100) };
    expect((await pick([liar, unpacked], range)).picked).toEqual(expected(101, 130));
    const alone = pick([liar], range);
    await expect(alone).rejects.toThrow(SourceDataError);
    await expect(alone).rejects.toThrow(`no source has a sound block ${at(120).stateHash}`);
  });

  test("names the missing file of a hole, and the places", async () => {
    const holed = folderOf(
      "one",
      ({ height }) => height > 140n && height <= 160n && height !== 150n,
    );
    const error = await pick([holed, join(work, "two")], { tip: at(160) }).catch((e) => e);
    expect(error).toBeInstanceOf(SourceDataError);
    expect(error.message).toContain(`${at(150).stateHash} at height 150`);
    expect(error.message).toContain(`${join(work, "two")}: missing`);
    expect(error.hint).toContain(nameOf(at(150)));
  });

  test("goes on later where a place is away", { tags: ["only-in-all"] }, async () => {
    await using server = await serve((_name, _request, response) => {
      response.writeHead(404).end();
    });
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const half = folderOf("one", ({ height }) => height > 150n && height <= 152n);
    await expect(pick([half, url], { tip: at(152) })).rejects.toThrow(TryAgainError);
  });

  test("is of the network that it is meant to be of", async () => {
    const genesis = { height: 1n, stateHash: at(7).stateHash };
    await expect(pick([unpacked], { genesis })).rejects.toThrow(
      `is of the network that begins with ${GENESIS.stateHash}, but mainnet begins with`,
    );
  });

  test("comes from packed files, from names without a height, and with the state last", async () => {
    const places = join(work, "one");
    const text = (height: number) => readFileSync(pathOf(at(height)), "latin1");
    const write = (name: string, body: Uint8Array | string) =>
      writeFileSync(join(places, name), body);
    write(`${nameOf(at(9))}.gz`, gzipSync(text(9)));
    write(`${nameOf(at(8))}.zst`, zstdFrame(Buffer.from(text(8), "latin1")));
    write(`mainnet-${at(7).stateHash}.json`, text(7));
    const { protocol_state: state, ...rest } = JSON.parse(text(6));
    write(nameOf(at(6)), JSON.stringify({ ...rest, protocol_state: state }));
    write(nameOf(at(5)), JSON.stringify(JSON.parse(text(5)), null, 8));
    const range = { tip: at(9), downTo: at(4) };
    expect((await pick([places], range)).picked).toEqual(expected(5, 9));
  });

  test("is read in bulk where names have no height", async () => {
    const places = join(work, "one");
    for (const id of idsIn(unpacked).filter(({ height }) => height <= 40n)) {
      linkSync(pathOf(id), join(places, `mainnet-${id.stateHash}.json`));
    }
    const names = idsIn(unpacked).filter(({ height }) => height <= 40n).length;
    const { picked, statistics } = await pick([places], { tip: at(40) });
    expect(picked).toEqual(expected(2, 40));
    // The first two are asked for by themselves and once more with all.
    expect(statistics.read).toBe(names + 1);
    expect(statistics.unused).toBe(names - 38);
  });

  test("begins with a block that is found by its hash alone", async () => {
    await using sources = await open(folderOf("one", ({ height }) => height === 30n));
    const { stateHash } = at(30);
    expect(await findBlock(sources, stateHash)).toEqual(at(30));
    expect(await findBlock(sources, at(31).stateHash)).toBeNull();
    // A name may say any height.
    writeFileSync(
      join(work, "two", nameOf({ height: 99n, stateHash })),
      readFileSync(pathOf(at(30))),
    );
    await using wrong = await open(join(work, "two"));
    expect(await findBlock(wrong, stateHash)).toBeNull();
    await using nameless = await open(join(work, "two"));
    writeFileSync(join(work, "two", `mainnet-${stateHash}.json`), readFileSync(pathOf(at(30))));
    expect(await findBlock(nameless, stateHash)).toEqual(at(30));
  });

  test("reads on from a block file that only the cache has", async () => {
    await using server = await serve((name, _, response) => {
      response.end(readFileSync(join(unpacked, name)));
    });
    const cache = { dir: join(work, "cache"), maxBytes: 10_000_000 };
    const urls = [server.url];
    const options = { urls, network, scratchDirectory: join(work, "scratch"), cache };
    await using sources = await openBlockSources(options);
    await sources.fetch(at(12));
    const before = server.names.length;
    expect((await sources.findLink(at(12)))?.parentHash).toBe(at(11).stateHash);
    expect(server.names).toHaveLength(before);
  });
});
