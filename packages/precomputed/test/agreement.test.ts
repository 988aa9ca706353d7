// Sources that are to hold the same commands of a block, which its state hash does not cover.

import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { blockFileName } from "@forklift/chain";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { mainnetBlocks, withSplitCoinbase, withSwappedCommands } from "@forklift/testkit";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { requireOrigins } from "../src/block-grounds.ts";
import { blockSources } from "../src/block-sources.ts";
import { openBlockSources } from "../src/open-block-sources.ts";
import type { BlockId, BlockSource } from "../src/verify/block-source.ts";
import { idsIn, isMissing } from "./mainnet.ts";

const network = "mainnet";
const nameOf = (id: BlockId) => blockFileName({ network, ...id });

describe.skipIf(isMissing)("sources that are to agree", () => {
  let blocks: string;
  let work: string;
  /** Its commands can be swapped, and its coinbase split. */
  let id: BlockId;
  const textOf = (of: BlockId) => readFileSync(path.join(blocks, nameOf(of)), "utf8");

  beforeAll(async () => {
    blocks = await mainnetBlocks();
    id = idsIn(blocks).find((of) => {
      const text = textOf(of);
      return withSwappedCommands(text) !== null && withSplitCoinbase(text) !== null;
    })!;
  });

  beforeEach(async () => {
    work = await mkdtemp(path.join(tmpdir(), "forklift-agreement-"));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  /** A folder with the block, by default as it is. */
  async function holding(name: string, forge: (text: string) => string | null = (text) => text) {
    const folder = path.join(work, name);
    await mkdir(folder);
    await writeFile(path.join(folder, nameOf(id)), forge(textOf(id))!);
    return folder;
  }

  async function lacking(name: string) {
    const folder = path.join(work, name);
    await mkdir(folder);
    return folder;
  }

  async function serve(folder: string) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const file = path.join(folder, request.url!.slice(1));
      asked.push(request.url!);
      if (!existsSync(file)) return void response.writeHead(404).end();
      response.end(readFileSync(file));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      asked,
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  }

  const open = (urls: readonly string[], cache?: string) =>
    openBlockSources({
      ...{ urls, network, scratchDirectory: path.join(work, "scratch") },
      ...(cache === undefined ? {} : { cache: { dir: cache, maxBytes: 10_000_000 } }),
    });

  const asked = async (urls: readonly string[], agree: number) => {
    await using sources = await open(urls);
    const result = await sources.fetch({ ...id, agree }).catch((error: unknown) => error);
    return { result, statistics: sources.statistics() };
  };

  test("are asked in their order, until as many as are wanted hold the same", async () => {
    await using server = await serve(blocks);
    const urls = [server.url, await holding("one"), await holding("two")];
    const { result, statistics } = await asked(urls, 2);
    const { height, stateHash } = id;
    const [first, second] = [server.url, `file://${work}/one`];
    expect(result).toMatchObject({ height, stateHash, source: first, agreeing: [first, second] });
    expect(statistics).toMatchObject([
      { found: 1, agreed: 0, differed: 0 },
      { found: 0, agreed: 1, differed: 0 },
      { found: 0, agreed: 0, differed: 0, bytes: 0 },
    ]);
    const alone = await asked(urls, 1);
    expect(alone.result).toMatchObject({ source: first, agreeing: [first] });
    expect(alone.statistics.map(({ bytes }) => bytes > 0)).toEqual([true, false, false]);
  });

  test.each([
    ["swapped commands that commute", withSwappedCommands, /user command \d+ is Ckp\w+ applied/],
    [
      "split a coinbase otherwise",
      withSplitCoinbase,
      /internal command \d+ is coinbase Ckp\w+ as sequence_no/,
    ],
  ])("outvote one that has %s, or say what each holds", async (_what, forge, difference) => {
    const [forged, one, two] = [
      await holding("forged", forge),
      await holding("one"),
      await holding("two"),
    ];
    const { result, statistics } = await asked([forged, one, two], 2);
    expect(result).toMatchObject({
      source: `file://${one}`,
      agreeing: [`file://${one}`, `file://${two}`],
    });
    expect(statistics).toMatchObject([{ found: 0, differed: 1 }, { found: 1 }, { agreed: 1 }]);
    // Nobody knows which of two is right; and the first one is believed where nobody else is asked.
    const { result: error } = await asked([forged, one], 2);
    expect(error).toBeInstanceOf(SourceDataError);
    const { message, hint } = error as SourceDataError;
    expect(message).toContain(
      `1 of 2 sources agree on the commands of block ${id.stateHash} at height ${id.height}`,
    );
    expect(message).toContain(`file://${forged}: alone with its commands`);
    expect(message).toContain(`file://${one}: other commands: `);
    expect(message).toMatch(difference);
    expect(hint).toContain(nameOf(id));
    expect((await asked([forged, one], 1)).result).toMatchObject({ source: `file://${forged}` });
  });

  test("do not count one that lacks the block, and say so", async () => {
    const [one, none] = [await holding("one"), await lacking("none")];
    const { result, statistics } = await asked([none, one], 2);
    expect(result).toBeInstanceOf(SourceDataError);
    expect((result as Error).message).toContain(`file://${none}: missing`);
    expect(statistics).toMatchObject([{ missing: 1 }, { found: 0, agreed: 1 }]);
    await using sources = await open([none, path.join(work, "none")]);
    expect(await sources.fetchIfPresent({ ...id, agree: 2 })).toBeNull();
    await using both = await open([none, one]);
    await expect(both.fetchIfPresent({ ...id, agree: 2 })).rejects.toThrow(/1 of 2 sources agree/);
    expect(await both.tryFetch({ ...id, agree: 2 })).toBeNull();
  });

  test("are worth another try only if one that is away can make them enough", async () => {
    const away: BlockSource = {
      url: "https://away",
      isRemote: true,
      find: () => Promise.reject(new TryAgainError("https://away: 503", { hint: "run again" })),
      async [Symbol.asyncDispose]() {},
    };
    const at = (url: string): BlockSource => ({
      ...away,
      url,
      find: async () => readFileSync(path.join(blocks, nameOf(id))),
    });
    await using sources = blockSources([away, at("one")], network);
    await expect(sources.fetch({ ...id, agree: 2 })).rejects.toThrow(TryAgainError);
    await expect(sources.fetch({ ...id, agree: 3 })).rejects.toThrow(SourceDataError);
    await using enough = blockSources([away, at("one"), at("two")], network);
    expect((await enough.fetch({ ...id, agree: 2 })).agreeing).toEqual(["one", "two"]);
  });

  test("count once where a place is named twice, and too few of them are told at once", async () => {
    const one = await holding("one");
    const urls = [one, `${one}/`, `file://${one}`];
    const { result } = await asked(urls, 2);
    expect((result as Error).message).toContain("1 of 2 sources agree");
    await using sources = await open(urls);
    expect(sources.origins).toHaveLength(1);
    const require = (agree: number, hasArchive: boolean) =>
      requireOrigins(sources, { agree }, { hasArchive });
    expect(() => require(2, false)).toThrow(ConfigError);
    expect(() => require(2, false)).toThrow(
      /2 sources are to agree .*, and there are 1 of blocks: /,
    );
    expect(() => require(3, true)).toThrow(/there are 1 of blocks, besides the source archive: /);
    require(2, true);
    require(1, false);
  });

  test("are not made more by a cache, which keeps what settled it", async () => {
    const cache = path.join(work, "cache");
    await using forged = await serve(await holding("forged", withSwappedCommands));
    await using right = await serve(blocks);
    const kept = () => readFileSync(path.join(cache, "blocks", nameOf(id)), "utf8");
    {
      await using sources = await open([forged.url], cache);
      await sources.fetch(id);
      await expect(sources.fetch({ ...id, agree: 2 })).rejects.toThrow(/1 of 2 sources agree/);
      expect(forged.asked).toHaveLength(2);
      expect(kept()).not.toBe(textOf(id));
    }
    const one = await holding("one");
    await using sources = await open([one, right.url, forged.url], cache);
    const { agreeing } = await sources.fetch({ ...id, agree: 2 });
    expect(agreeing).toEqual([`file://${one}`, right.url]);
    expect(readdirSync(path.join(cache, "blocks"))).toEqual([nameOf(id)]);
    expect(kept()).toBe(textOf(id));
  });

  test("count only files that the caller accepts, and those under other names", async () => {
    const [one, two, odd] = [await holding("one"), await holding("two"), await lacking("odd")];
    await copyFile(path.join(one, nameOf(id)), path.join(odd, `${network}-${id.stateHash}.json`));
    let files = 0;
    const accept = () => {
      if (files++ === 0) throw new SourceDataError("not that one", { hint: "get another" });
    };
    await using sources = await open([one, two, odd]);
    expect((await sources.fetch({ ...id, agree: 2, accept })).agreeing).toEqual([
      `file://${two}`,
      `file://${odd}`,
    ]);
    expect(sources.statistics()).toMatchObject([{ wrong: 1 }, { found: 1 }, { agreed: 1 }]);
  });
});
