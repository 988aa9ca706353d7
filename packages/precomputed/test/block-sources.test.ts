import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockFileName } from "@forklift/chain";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { blockSources } from "../src/block-sources.ts";
import { blockCache } from "../src/cache/block-cache.ts";
import { folderSource } from "../src/folder/folder-source.ts";
import { openBlockSources } from "../src/open-block-sources.ts";
import type { BlockId, BlockSource, WantedBlock } from "../src/verify/block-source.ts";
import { BUNDLE, idsIn, isMissing, unpackBundle } from "./mainnet.ts";

describe.skipIf(isMissing)("block sources", () => {
  const network = "mainnet";
  let unpacked: string;
  let work: string;
  let chain: BlockId[];
  const nameOf = (id: BlockId) => blockFileName({ network, ...id });
  const contentOf = (id: BlockId) => readFileSync(join(unpacked, nameOf(id)), "utf8");

  beforeAll(async () => {
    unpacked = await mkdtemp(join(tmpdir(), "forklift-unpacked-"));
    await unpackBundle(unpacked);
    chain = idsIn(unpacked).sort((a, b) => Number(a.height - b.height));
  });
  afterAll(() => rm(unpacked, { recursive: true, force: true }));

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-sources-"));
    for (const folder of ["one", "two"]) await mkdir(join(work, folder));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  const open = (...urls: string[]) =>
    openBlockSources({ urls, network, scratchDirectory: join(work, "scratch") });

  async function serve(listener: RequestListener) {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  test("a block comes verified, from the first place that has it", async () => {
    await using sources = await open(join(work, "one"), unpacked);
    const block = await sources.fetch(chain[0]!);
    const { height, stateHash } = chain[0]!;
    expect(block).toMatchObject({ height, stateHash, source: `file://${unpacked}` });
    expect(sources.statistics()).toMatchObject([
      { found: 0, missing: 1, wrong: 0, bytes: 0 },
      {
        found: 1,
        missing: 0,
        wrong: 0,
        bytes: readFileSync(join(unpacked, nameOf(chain[0]!))).length,
      },
    ]);
  });

  test("a file under another block's name is refused, and the next place is asked", async () => {
    const [wanted, other] = [chain[10]!, chain[20]!];
    await copyFile(join(unpacked, nameOf(other)), join(work, "one", nameOf(wanted)));
    await using sources = await open(join(work, "one"), unpacked);
    expect((await sources.fetch(wanted)).source).toBe(`file://${unpacked}`);
    expect(sources.statistics()[0]).toMatchObject({ wrong: 1 });
    await using alone = await open(join(work, "one"));
    await expect(alone.fetch(wanted)).rejects.toThrow(`recomputed ${other.stateHash}`);
    await expect(alone.fetchIfPresent(wanted)).rejects.toThrow(SourceDataError);
  });

  test("a bundle that is cut off is made good by another place", async () => {
    const bundle = join(work, "cut.tar.gz");
    await writeFile(bundle, readFileSync(BUNDLE).subarray(0, 5000));
    await using sources = await open(bundle, unpacked);
    expect((await sources.fetch(chain[0]!)).source).toBe(`file://${unpacked}`);
    await using alone = await open(bundle);
    await expect(alone.fetchIfPresent(chain[0]!)).rejects.toThrow(
      /cut.tar.gz is cut off at byte 5000/,
    );
  });

  test("when every place fails the error names the block, each place and its fault", async () => {
    const wanted = chain[5]!;
    const whole = readFileSync(join(unpacked, nameOf(wanted)));
    await writeFile(join(work, "one", nameOf(wanted)), whole.subarray(0, 7000));
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "text/html").end("<!DOCTYPE html><p>Not found</p>");
    });
    await using sources = await open(join(work, "one"), join(work, "two"), server.url);
    const error = await sources.fetch(wanted).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceDataError);
    const { message, hint } = error as SourceDataError;
    expect(message).toContain(`block ${wanted.stateHash} at height ${wanted.height}`);
    expect(message).toContain(`${work}/one: truncated: the JSON is cut off at byte 7000`);
    expect(message).toContain(`${work}/two: missing`);
    expect(message).toContain(`${server.url}/: wrong: not JSON: Unexpected token '<'`);
    expect(hint).toContain(nameOf(wanted));
  });

  test("blocks are fetched from a web server that lacks some of them", async () => {
    await using server = await serve((request, response) => {
      const name = request.url!.slice("/blocks/".length);
      if (Number(name.split("-")[1]) % 2 === 0) return void response.writeHead(404).end("no");
      response.end(readFileSync(join(unpacked, name)));
    });
    await using sources = await open(`${server.url}/blocks/`, unpacked);
    const wanted = chain.slice(0, 100);
    const seen: BlockId[] = [];
    for await (const { height, stateHash } of sources.fetchAll(wanted)) {
      seen.push({ height, stateHash });
    }
    expect(seen).toEqual(wanted.map(({ height, stateHash }) => ({ height, stateHash })));
    const odd = wanted.filter(({ height }) => height % 2n === 1n).length;
    expect(sources.statistics()).toMatchObject([
      { found: odd, missing: 100 - odd },
      { found: 100 - odd, missing: 0 },
    ]);
  });

  test("a place that cannot be reached is made good by another, or asks to try again", async () => {
    const away: BlockSource = {
      url: "https://away",
      isRemote: true,
      find: () =>
        Promise.reject(new TryAgainError("https://away: ECONNREFUSED", { hint: "run again" })),
      async [Symbol.asyncDispose]() {},
    };
    const empty: BlockSource = { ...away, url: "empty", find: async () => null };
    const bytes = readFileSync(join(unpacked, nameOf(chain[0]!)));
    const full: BlockSource = { ...away, url: "full", find: async () => bytes };
    expect((await blockSources([away, full], network).fetch(chain[0]!)).source).toBe("full");
    const without = blockSources([away, empty], network);
    await expect(without.fetch(chain[0]!)).rejects.toThrow(TryAgainError);
    await expect(without.fetchIfPresent(chain[0]!)).rejects.toThrow(TryAgainError);
  });

  test("missing, unavailable, truncated and wrong are four things, told and counted", {
    tags: ["only-in-all"],
  }, async () => {
    const wanted = chain[7]!;
    const whole = readFileSync(join(unpacked, nameOf(wanted)));
    const altered = whole
      .toString()
      .replace(/"previous_state_hash":"[^"]+"/, `"previous_state_hash":"${chain[0]!.stateHash}"`);
    let cuts = 0;
    await using server = await serve((request, response) => {
      const [, place] = request.url!.split("/");
      if (place === "missing") return void response.writeHead(404).end("<html>");
      if (place === "away") return void response.writeHead(503).end("<html>");
      if (place === "wrong") return void response.end(altered);
      if (place === "cut") return void response.end(whole.subarray(0, 4000));
      // Announces the whole file, and breaks off.
      if (place === "torn") {
        cuts++;
        response.setHeader("content-length", whole.length);
        return void response.write(whole.subarray(0, 4000), () => request.socket.destroy());
      }
      response.end(whole);
    });
    await writeFile(join(work, "two", nameOf(wanted)), altered);
    const bad = ["missing", "wrong", "cut", "torn"].map((place) => `${server.url}/${place}`);
    const [missing, wrong, cut, torn] = bad as [string, string, string, string];
    const without = async (...urls: string[]) => {
      await using sources = await open(...urls);
      const error: unknown = await sources.fetch(wanted).catch((thrown: unknown) => thrown);
      return { error: error as Error, statistics: sources.statistics() };
    };

    const all = await without(missing, cut, torn, join(work, "two"));
    expect(all.error).toBeInstanceOf(SourceDataError);
    expect(all.error.message).toContain(`${missing}: missing`);
    expect(all.error.message).toContain(`${cut}: truncated: the JSON is cut off at byte 4000`);
    expect(all.error.message).toMatch(/torn: truncated: .* broke off after 4000 of \d+ bytes/);
    expect(all.error.message).toMatch(/two: wrong: /);
    const none = { found: 0, missing: 0, unavailable: 0, truncated: 0, wrong: 0 };
    expect(all.statistics).toMatchObject([
      { ...none, missing: 1, bytes: 0, retries: 0 },
      { ...none, truncated: 1, bytes: 4000, retries: 0 },
      { ...none, truncated: 1, bytes: 0 },
      { ...none, wrong: 1, bytes: altered.length },
    ]);
    // From the beginning again, twice; each time storage may have tried to continue the body.
    expect(cuts).toBeGreaterThanOrEqual(3);
    expect(all.statistics[2]!.retries).toBeGreaterThanOrEqual(2);
    expect((await without(wrong)).error.message).toMatch(/wrong: wrong: wrong state hash/);

    const away = await without(`${server.url}/away`, missing);
    expect(away.error).toBeInstanceOf(TryAgainError);
    expect(away.error.message).toMatch(/away: unavailable: .*answered 503/);
    expect(away.statistics).toMatchObject([
      { ...none, unavailable: 1, retries: 5 },
      { ...none, missing: 1, retries: 0 },
    ]);
  });

  test("a place that is away is left alone, so that not every block waits for it", async () => {
    let asked = 0;
    const away: BlockSource = {
      url: "https://away",
      isRemote: true,
      async find() {
        asked++;
        throw new TryAgainError("https://away: ECONNREFUSED", { hint: "run again" });
      },
      async [Symbol.asyncDispose]() {},
    };
    const there: BlockSource = {
      ...away,
      url: "there",
      find: async (id) => readFileSync(join(unpacked, nameOf(id))),
    };
    await using sources = blockSources([away, there], network);
    for (const id of chain.slice(0, 40)) expect((await sources.fetch(id)).source).toBe("there");
    expect(asked).toBe(3);
    expect(sources.statistics()).toMatchObject([{ unavailable: 40 }, { found: 40 }]);
    await using alone = blockSources([away], network);
    for (let count = 0; count < 3; count++) await alone.fetchIfPresent(chain[0]!).catch(() => null);
    await expect(alone.fetch(chain[0]!)).rejects.toThrow(/3 times in a row and is not asked/);
  });

  test("a place that was away is asked again after a minute, however many blocks came since", async () => {
    let nowMs = 0;
    const there: BlockSource = {
      url: "there",
      isRemote: true,
      find: async (id) => readFileSync(join(unpacked, nameOf(id))),
      async [Symbol.asyncDispose]() {},
    };
    const first: BlockSource = {
      ...there,
      url: "first",
      async find(id) {
        if (nowMs === 0) throw new TryAgainError("first: ECONNREFUSED", { hint: "run again" });
        return await there.find(id);
      },
    };
    await using sources = blockSources([first, there], network, { now: () => nowMs });
    const nextSource = async (at: number) => (await sources.fetch(chain[at]!)).source;
    for (let at = 0; at < 3; at++) expect(await nextSource(at)).toBe("there");
    for (let at = 3; at < 60; at++) {
      nowMs += 1000;
      expect(await nextSource(at)).toBe("there");
    }
    nowMs = 60_000;
    expect(await nextSource(60)).toBe("first");
  });

  test("what came from far away is kept after local places, and never believed", async () => {
    let requests = 0;
    await using server = await serve((request, response) => {
      requests++;
      const path = join(unpacked, request.url!.slice(1));
      if (!existsSync(path)) return void response.writeHead(404).end();
      response.end(readFileSync(path));
    });
    const cache = { dir: join(work, "cache"), maxBytes: 10_000_000 };
    await copyFile(join(unpacked, nameOf(chain[0]!)), join(work, "one", nameOf(chain[0]!)));
    const openCached = () =>
      openBlockSources({
        urls: [join(work, "one"), server.url, join(work, "two")],
        network,
        scratchDirectory: join(work, "scratch"),
        cache,
      });
    const sourcesOf = async () => {
      await using sources = await openCached();
      const found: string[] = [];
      for await (const { source } of sources.fetchAll(chain.slice(0, 3))) found.push(source);
      return { found, statistics: sources.statistics() };
    };
    const cached = join(cache.dir, "blocks");
    const [near, far] = [`file://${work}/one`, `${server.url}/`];
    expect((await sourcesOf()).found).toEqual([near, far, far]);
    expect(requests).toBe(2);
    expect((await sourcesOf()).found).toEqual([near, cached, cached]);
    expect(requests).toBe(2);
    // A wrong file under the right name, and a truncated one.
    await copyFile(join(unpacked, nameOf(chain[9]!)), join(cached, nameOf(chain[1]!)));
    await writeFile(join(cached, nameOf(chain[2]!)), "{");
    const after = await sourcesOf();
    expect(after.found).toEqual([near, far, far]);
    expect(after.statistics.map(({ url }) => url)).toEqual([
      ...[near, cached, far],
      `file://${work}/two`,
    ]);
    expect(after.statistics[1]).toMatchObject({ wrong: 1, truncated: 1 });
    expect(requests).toBe(4);
    expect((await sourcesOf()).found).toEqual([near, cached, cached]);
    // Rejected also when no source can replace it.
    const lost = { ...chain[0]!, height: 1n };
    await writeFile(join(cached, nameOf(lost)), "{}");
    await using sources = await openCached();
    await expect(sources.fetchIfPresent(lost)).rejects.toThrow(/wrong: not a precomputed block/);
    expect(await sources.fetchIfPresent(lost)).toBeNull();
  });

  test("files that are set aside are told of, the first ones by name and reason", async () => {
    const [wrong, cut] = [chain[10]!, chain[20]!];
    const bad = join(work, "one");
    await copyFile(join(unpacked, nameOf(chain[30]!)), join(bad, nameOf(wrong)));
    await writeFile(join(bad, nameOf(cut)), contentOf(cut).slice(0, 7000));
    for (const id of chain.slice(40, 70)) await writeFile(join(bad, nameOf(id)), "{}");
    const warnings: string[] = [];
    {
      await using sources = await openBlockSources({
        urls: [bad, join(work, "two"), unpacked],
        network,
        scratchDirectory: join(work, "scratch"),
        warn: (message) => warnings.push(message),
      });
      for (const id of [chain[0]!, wrong, cut]) await sources.fetch(id);
      expect(warnings).toEqual([
        `${nameOf(wrong)} of file://${bad} is set aside: wrong: wrong state hash: recomputed ` +
          `${chain[30]!.stateHash}, expected ${wrong.stateHash}`,
        `${nameOf(cut)} of file://${bad} is set aside: truncated: the JSON is cut off at byte 7000`,
      ]);
      for await (const { source } of sources.fetchAll(chain.slice(40, 70))) {
        expect(source).toBe(`file://${unpacked}`);
      }
      expect(warnings).toHaveLength(20);
    }
    expect(warnings.slice(20)).toEqual(["12 more block files are set aside, wrong or truncated"]);
  });

  test("a cache that cannot be written costs no block, and is told of once", async () => {
    await using server = await serve((request, response) => {
      response.end(readFileSync(join(unpacked, request.url!.slice(1))));
    });
    const dir = join(work, "cache");
    await writeFile(dir, "a file");
    const warnings: string[] = [];
    await using sources = blockSources([folderSource(server.url, network)], network, {
      cache: {
        ...blockCache({ dir, maxBytes: 10_000_000 }, network),
        find: async () => Buffer.from("damaged"),
      },
      warn: (message) => warnings.push(message),
    });
    const wanted = chain.slice(0, 5);
    const heights: bigint[] = [];
    for await (const { height } of sources.fetchAll(wanted)) heights.push(height);
    expect(heights).toEqual(wanted.map(({ height }) => height));
    expect(sources.statistics()).toMatchObject([{ wrong: 5 }, { found: 5, unavailable: 0 }]);
    expect(warnings.filter((message) => message.startsWith("this run"))).toEqual([
      expect.stringMatching(
        /^this run keeps no more blocks in .*\/cache\/blocks: cannot .*: ENOTDIR/,
      ),
    ]);
  });

  test("a file that the one who asks does not accept is refused, and never kept", async () => {
    const wanted = chain.find((id) => contentOf(id).includes('"fee":"0.01"'))!;
    const altered = contentOf(wanted).replace('"fee":"0.01"', '"fee":"0.02"');
    await using server = await serve((_, response) => response.end(altered));
    const cache = { dir: join(work, "cache"), maxBytes: 10_000_000 };
    const cached = join(cache.dir, "blocks", nameOf(wanted));
    const openCached = (...urls: string[]) =>
      openBlockSources({ urls, network, scratchDirectory: join(work, "scratch"), cache });
    await using alone = await openCached(server.url);
    await alone.fetch(wanted);
    expect(readFileSync(cached, "utf8")).toBe(altered);

    const accept: WantedBlock["accept"] = ({ userCommands }) => {
      const { fee } = userCommands[0]!.command;
      if (fee === 10_000_000n) return;
      throw new SourceDataError(`expected fee 10000000, found ${fee}`, { hint: "look at it" });
    };
    await using sources = await openCached(server.url, unpacked);
    for await (const { source } of sources.fetchAll([{ ...wanted, accept }])) {
      expect(source).toBe(`file://${unpacked}`);
    }
    expect(sources.statistics()).toMatchObject([
      { found: 0, wrong: 1 },
      { found: 0, wrong: 1 },
      { found: 1, wrong: 0 },
    ]);
    expect(existsSync(cached)).toBe(false);
    const error: unknown = await alone
      .fetchIfPresent({ ...wanted, accept })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceDataError);
    const { message, hint } = error as SourceDataError;
    expect(message).toContain(`${server.url}/: wrong: expected fee 10000000, found 20000000`);
    expect(hint).toBe(
      `look at it, or get ${nameOf(wanted)} from another archive operator and put it into a folder ` +
        "among the sources",
    );
  });

  test("a place that denies access is told of once, and is the reason where none has it", async () => {
    const warnings: string[] = [];
    await using server = await serve((_, response) => response.writeHead(403).end());
    await using sources = await openBlockSources({
      ...{ urls: [server.url, unpacked], network, scratchDirectory: work },
      warn: (message) => warnings.push(message),
    });
    for (const wanted of chain.slice(0, 3)) {
      expect((await sources.fetch(wanted)).source).toBe(`file://${unpacked}`);
    }
    expect(warnings).toEqual([expect.stringMatching(`^${server.url}/ cannot be used: .*403`)]);
    expect(sources.statistics()[0]).toMatchObject({ unusable: 3, unavailable: 0, wrong: 0 });
    await using without = await open(server.url, join(work, "one"));
    const error = await without.fetch(chain[0]!).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      message: expect.stringContaining(`${work}/one: missing`),
      hint: expect.stringContaining("who may read it"),
    });
  });

  test("a bundle that is not there is told of once, and is no wrong file of each block", async () => {
    const warnings: string[] = [];
    await using server = await serve((_, response) => response.writeHead(404).end());
    await using sources = await openBlockSources({
      ...{ urls: [`${server.url}/all.tar.gz`, unpacked], network, scratchDirectory: work },
      warn: (message) => warnings.push(message),
    });
    for (const wanted of chain.slice(0, 2)) await sources.fetch(wanted);
    expect(warnings).toEqual([
      `${server.url}/all.tar.gz cannot be used: there is no ${server.url}/all.tar.gz`,
    ]);
    expect(sources.statistics()[0]).toMatchObject({ unusable: 2, wrong: 0 });
  });

  test.each<[string, (work: string) => Promise<string>]>([
    ["a server that fails", async () => "http://127.0.0.1:1/"],
    [
      "a bundle that is cut off",
      async (folder) => {
        await writeFile(join(folder, "cut.tar.gz"), readFileSync(BUNDLE).subarray(0, 5000));
        return join(folder, "cut.tar.gz");
      },
    ],
  ])(
    "what can be had elsewhere is null also beside %s, which is told",
    { tags: ["only-in-all"] },
    async (_what, place) => {
      const warnings: string[] = [];
      await using sources = await openBlockSources({
        ...{ urls: [await place(work), unpacked], network, scratchDirectory: work },
        warn: (message) => warnings.push(message),
      });
      expect(await sources.tryFetch({ ...chain[0]!, height: 1n })).toBeNull();
      expect(warnings).toEqual([
        expect.stringContaining(`${network}-1-${chain[0]!.stateHash}.json`),
      ]);
      expect(await sources.tryFetch(chain[0]!)).toMatchObject({ height: 2n });
    },
  );

  test("a file that no place has is null for those who can do without", async () => {
    await using sources = await open(join(work, "one"), unpacked);
    expect(await sources.fetchIfPresent({ ...chain[0]!, height: 1n })).toBeNull();
    expect(await sources.fetchIfPresent(chain[0]!)).toMatchObject({ height: 2n });
  });

  test("a link is checked where the caller knows the parent", async () => {
    await using sources = await open(unpacked);
    const block = await sources.fetch(chain[50]!);
    const parent = block.protocolState.previousStateHash;
    await expect(sources.fetch(chain[50]!, parent)).resolves.toMatchObject({
      source: block.source,
    });
    await expect(sources.fetch(chain[50]!, chain[50]!.stateHash)).rejects.toThrow(/wrong parent/);
  });

  test("many blocks are fetched a few at a time, and no further than the consumer", async () => {
    let [asked, running, most] = [0, 0, 0];
    const source: BlockSource = {
      url: "counting",
      isRemote: false,
      async find(id) {
        asked++;
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        return readFileSync(join(unpacked, nameOf(id)));
      },
      async [Symbol.asyncDispose]() {},
    };
    let taken = 0;
    for await (const { height } of blockSources([source], network).fetchAll(chain)) {
      expect(height).toBe(chain[taken]!.height);
      taken++;
      // A consumer that dawdles: everything that may run ahead of it does.
      for (let idle = 0, before = asked; taken === 100 && idle < 100; before = asked) {
        await new Promise(setImmediate);
        idle = asked === before && running === 0 ? idle + 1 : 0;
      }
      expect(asked - taken).toBeLessThanOrEqual(192);
      if (taken === 300) break;
    }
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("the first bad block ends the stream, after the good ones before it", async () => {
    await using sources = await open(unpacked);
    const lost = chain.slice(0, 30).map((id) => (id.height > 8n ? { ...id, height: 1n } : id));
    const heights: bigint[] = [];
    await expect(async () => {
      for await (const { height } of sources.fetchAll(lost)) heights.push(height);
    }).rejects.toThrow(/at height 1 /);
    expect(heights).toEqual(chain.filter(({ height }) => height <= 8n).map((id) => id.height));
  });

  test("places that cannot be are refused before anything is asked", async () => {
    await expect(open()).rejects.toThrow(ConfigError);
    await expect(open("ftp://host/blocks")).rejects.toThrow(/expected one of file:/);
    await expect(open("ftp://host/blocks.tgz")).rejects.toThrow(/expected one of file:/);
    await expect(open(join(work, "three"))).rejects.toThrow(/is not a folder/);
    await expect(open(join(work, "three.tar.gz"))).rejects.toThrow(/is not a file/);
    await symlink("circle", join(work, "circle"));
    await expect(open(join(work, "circle"))).rejects.toThrow(/cannot read block source .*: ELOOP/);
  });
});
