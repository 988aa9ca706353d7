import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { blockFileName, hashText, type StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { packTar } from "modern-tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleSource } from "../src/bundle/bundle-source.ts";
import { indexDirectoryOf } from "../src/cache/block-cache.ts";
import { listIndexedBundle, readBundleThrough } from "../src/list-bundle.ts";

const network = "sample";
const ids = [2n, 3n, 5n].map((height) => ({
  height,
  stateHash: hashText("stateHash", height) as StateHash,
}));
const EXPECTED = new Map(
  ids.map((id) => [blockFileName({ network, ...id }), Number(id.height) * 10]),
);
const WRITTEN = new Date("2024-06-05T00:00:00Z");

describe.each(["blocks.tar", "blocks.tar.gz"])("the list of a bundle (%s)", (file) => {
  let home: string;
  let path: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "forklift-list-bundle-"));
    path = join(home, file);
    const entries = [["readme.txt", 7] as const, ...EXPECTED].map(([name, size]) => ({
      header: { name: `blocks/${name}`, size },
      body: "x".repeat(size),
    }));
    const tar = await packTar(entries);
    writeBundle(file.endsWith(".gz") ? gzipSync(tar) : tar);
  });

  afterAll(() => rm(home, { recursive: true }));

  function writeBundle(bytes: Uint8Array, written = WRITTEN) {
    writeFileSync(path, bytes);
    utimesSync(path, written, written);
  }

  const optionsOf = (cache: string) => ({
    ...{ network, scratchDirectory: join(home, "scratch") },
    cache: { dir: join(home, cache), maxBytes: 1000 },
  });

  test("is that of its blocks when it is read through, and leaves nothing behind", async () => {
    const options = optionsOf("never");
    expect(await readBundleThrough(path, options)).toEqual(EXPECTED);
    expect(await listIndexedBundle(path, options)).toBeNull();
    expect(await readdir(home)).not.toContain("never");
    const scratch = await readdir(options.scratchDirectory).catch(() => []);
    expect(scratch).toEqual([]);
  });

  test("comes from the index of an earlier run, as long as it is the same bundle", async () => {
    const options = optionsOf("cache");
    const indexDirectory = indexDirectoryOf(options.cache);
    await using source = bundleSource(path, { ...options, indexDirectory });
    await source.find(ids[0]!);
    const spoiled = readFileSync(path).fill(1);
    writeBundle(spoiled);
    expect(await listIndexedBundle(path, options)).toEqual(EXPECTED);
    writeBundle(spoiled, new Date(WRITTEN.getTime() + 1000));
    expect(await listIndexedBundle(path, options)).toBeNull();
    await expect(readBundleThrough(path, options)).rejects.toThrow(SourceDataError);
  });
});
