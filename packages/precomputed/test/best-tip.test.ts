// The end of a chain that nobody named, among real blocks with their orphans.

import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockRef, blockFileName, hashText, type StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openBlockSources } from "../src/open-block-sources.ts";
import { bestTip } from "../src/picking/best-tip.ts";
import { pickChain } from "../src/picking/pick-chain.ts";
import { idsIn, isMissing, unpackBundle } from "./mainnet.ts";

const network = "mainnet";
const nameOf = (id: BlockRef) => blockFileName({ network, ...id });

/** Heights 2 to 89 are enough. At the highest there are three blocks, at each from 77 to 79 one. */
const HIGHEST = 89;

describe.skipIf(isMissing)("the best tip", () => {
  let unpacked: string;
  let work: string;
  let chain: Map<number, BlockRef>;
  const at = (height: number) => chain.get(height)!;

  beforeAll(async () => {
    unpacked = await mkdtemp(join(tmpdir(), "forklift-best-"));
    await unpackBundle(unpacked);
    chain = new Map();
    const above = JSON.parse(readFileSync(join(unpacked, nameOf(canonicalAbove())), "latin1"));
    let stateHash = above.protocol_state.previous_state_hash as StateHash;
    for (let height = HIGHEST; height > 1; height--) {
      const block = { height: BigInt(height), stateHash };
      chain.set(height, block);
      const file = JSON.parse(readFileSync(join(unpacked, nameOf(block)), "latin1"));
      stateHash = file.protocol_state.previous_state_hash;
    }
  });
  afterAll(() => rm(unpacked, { recursive: true, force: true }));

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), "forklift-best-work-"));
    for (const id of idsIn(unpacked)) {
      if (id.height <= BigInt(HIGHEST))
        linkSync(join(unpacked, nameOf(id)), join(work, nameOf(id)));
    }
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  /** A block above the highest that has been built upon, so that it is not an orphan. */
  function canonicalAbove(): BlockRef {
    let block = idsIn(unpacked).find(({ height }) => height === BigInt(HIGHEST + 40))!;
    while (block.height > BigInt(HIGHEST + 1)) {
      const file = JSON.parse(readFileSync(join(unpacked, nameOf(block)), "latin1"));
      block = {
        height: block.height - 1n,
        stateHash: file.protocol_state.previous_state_hash,
      };
    }
    return block;
  }

  async function find(depth: number) {
    await using sources = await openBlockSources({
      ...{ urls: [work], network, scratchDirectory: join(work, "scratch") },
    });
    const best = await bestTip(sources, depth);
    return best === null ? null : { tip: best.tip, highest: best.highest.height };
  }

  test("is the highest that enough blocks stand on", async () => {
    expect(await find(20)).toEqual({ tip: at(HIGHEST - 20), highest: BigInt(HIGHEST) });
    expect(await find(HIGHEST - 2)).toMatchObject({ tip: at(2) });
    expect(await find(HIGHEST - 1)).toBeNull();
  });

  test("does not count over a hole, and names alone are nothing", async () => {
    rmSync(join(work, nameOf(at(78))));
    for (const height of [78n, 91n, 4_294_967_295n]) {
      const stateHash = hashText("stateHash", height) as StateHash;
      writeFileSync(join(work, nameOf({ height, stateHash })), "{}");
    }
    expect(await find(11)).toMatchObject({ tip: at(66), highest: 77n });
    expect(await find(10)).toMatchObject({ tip: at(79), highest: BigInt(HIGHEST) });
  });

  test("is refused where two of one height are deep enough", async () => {
    // Without any block above them, all at one height are as deep as nothing.
    await expect(find(0)).rejects.toThrow(SourceDataError);
    await expect(find(0)).rejects.toThrow(`two blocks at height ${HIGHEST} have 0 blocks or more`);
  });

  test("is what a chain can be picked from", async () => {
    await using sources = await openBlockSources({
      ...{ urls: [work], network, scratchDirectory: join(work, "scratch") },
    });
    const { tip } = (await bestTip(sources, 30))!;
    const genesis = { height: 1n, stateHash: (await sources.fetchLink(at(2))).parentHash };
    const heights: bigint[] = [];
    for await (const { height } of pickChain(sources, { tip, downTo: null, genesis, network })) {
      heights.push(height);
    }
    expect(heights).toEqual(Array.from({ length: 58 }, (_, index) => BigInt(59 - index)));
  });
});
