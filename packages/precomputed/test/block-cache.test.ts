import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockCache } from "../src/cache/block-cache.ts";
import type { BlockId } from "../src/verify/block-source.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "forklift-cache-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const idOf = (height: number): BlockId => ({
  height: BigInt(height),
  stateHash: `3N${height}` as StateHash,
});
const open = (maxBytes: number) => blockCache({ dir, maxBytes }, "sample");
const folder = () => join(dir, "blocks");
const nameOf = (height: number) => `sample-${height}-3N${height}.json`;
const heights = async () =>
  (await readdir(folder())).map((name) => Number(name.split("-")[1])).sort((a, b) => a - b);

/** As if it had been used that long ago. */
async function age(height: number, seconds: number) {
  const then = new Date(Date.now() - 1000 * seconds);
  await utimes(join(folder(), nameOf(height)), then, then);
}

test("what is kept is found again, by another process too, and the rest is missing", async () => {
  expect(await open(1000).find(idOf(1))).toBeNull();
  await open(1000).keep(idOf(1), Buffer.from("one"));
  const later = open(1000);
  expect(`${await later.find(idOf(1))}`).toBe("one");
  expect(await later.find(idOf(2))).toBeNull();
  await later.discard(idOf(1));
  expect(await later.find(idOf(1))).toBeNull();
  await later.discard(idOf(1));
});

test("a file is replaced as a whole: who reads the former one reads it to its end", async () => {
  const cache = open(1000);
  await cache.keep(idOf(1), Buffer.from("former"));
  const former = await openFile(join(folder(), nameOf(1)), "r");
  await cache.keep(idOf(1), Buffer.from("latter"));
  expect(await former.readFile("utf8")).toBe("former");
  await former.close();
  expect(`${await cache.find(idOf(1))}`).toBe("latter");
});

test("the least recently used go when there is no room, and no more of them than need to", async () => {
  const cache = open(1000);
  for (let height = 1; height <= 10; height++) {
    await cache.keep(idOf(height), Buffer.alloc(100));
    await age(height, 100 - height);
  }
  expect(await heights()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  // The oldest becomes the newest by being read.
  await cache.find(idOf(1));
  await cache.keep(idOf(11), Buffer.alloc(100));
  expect(await heights()).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("many at once never take more than the bound", async () => {
  const cache = open(5000);
  await Promise.all(
    Array.from({ length: 200 }, (_, at) => cache.keep(idOf(at + 1), Buffer.alloc(400))),
  );
  const kept = await heights();
  expect(kept.length).toBeLessThanOrEqual(12);
  expect(kept.length).toBeGreaterThanOrEqual(9);
});

test("a file above the bound is not kept, and pushes nothing out", async () => {
  const cache = open(1000);
  await cache.keep(idOf(1), Buffer.alloc(900));
  await cache.keep(idOf(2), Buffer.alloc(1001));
  expect(await heights()).toEqual([1]);
});

test("half-written files of the dead are neither blocks nor for ever", async () => {
  await mkdir(folder());
  const [old, young] = [join(folder(), ".old.partial"), join(folder(), ".young.partial")];
  for (const path of [old, young]) await writeFile(path, "half");
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(old, yesterday, yesterday);
  await open(1000).keep(idOf(1), Buffer.from("one"));
  expect((await readdir(folder())).sort()).toEqual([".young.partial", nameOf(1)]);
});

test("a folder that cannot be written is a wrong setting", async () => {
  await writeFile(folder(), "a file");
  await expect(open(1000).keep(idOf(1), Buffer.from("one"))).rejects.toThrow(ConfigError);
});

test("two processes may write the same blocks, and a third reads only whole ones", {
  tags: ["only-in-all"],
}, async () => {
  const run = promisify(execFile);
  const args = ["--input-type=module", "-e", WRITE_ALL];
  const env = { ...process.env, CACHE: dir };
  const writers = [1, 2].map(() => run(process.execPath, args, { cwd: import.meta.dirname, env }));
  let running = true;
  const done = Promise.all(writers).finally(() => {
    running = false;
  });
  const cache = open(3_000_000);
  let seen = 0;
  for (let height = 1; running; height = (height % 60) + 1) {
    const bytes = await cache.find(idOf(height));
    if (bytes === null) continue;
    seen++;
    const digest = createHash("sha256").update(bytes.subarray(32)).digest();
    expect(digest.equals(bytes.subarray(0, 32))).toBe(true);
  }
  await done;
  expect(seen).toBeGreaterThan(0);
  const left = await readdir(folder());
  expect(left.filter((name) => name.endsWith(".partial"))).toEqual([]);
  let total = 0;
  for (const name of left) total += (await readFile(join(folder(), name))).length;
  // Each of the two may exceed the bound by a sixteenth without seeing the other.
  expect(total).toBeLessThanOrEqual(3_000_000 * (1 + 2 / 16));
});

const BUILT = new URL("../dist/cache/block-cache.js", import.meta.url).href;

/** Writes 60 files of 100 kB ten times over, each with the digest of its content in front. */
const WRITE_ALL = `
  import { createHash, randomBytes } from "node:crypto";
  import { blockCache } from "${BUILT}";
  const cache = blockCache({ dir: process.env.CACHE, maxBytes: 3_000_000 }, "sample");
  for (let round = 0; round < 10; round++) {
    for (let height = 1; height <= 60; height++) {
      const content = randomBytes(100_000);
      const digest = createHash("sha256").update(content).digest();
      const id = { height: BigInt(height), stateHash: "3N" + height };
      await cache.keep(id, Buffer.concat([digest, content]));
    }
  }
`;
