// Copies of sets: in parts, resumed, compared before anything is removed.

import { runWithoutTarget } from "@forklift/context";
import { VerificationError } from "@forklift/pipeline";
import { findSets, latestName, moveLatest, type PublishedSet, readLatest } from "@forklift/sets";
import type { Store } from "@forklift/storage";
import { NETWORK, namesIn, one, testStores, writeSet } from "@forklift/testkit";
import pino from "pino";
import { expect, test } from "vitest";
import { type CopyContext, copySets, removeCopied } from "../../src/stages/copy-sets.ts";

/** A dump of four parts. */
const LIMITS = { partBytesMin: 256 * 1024, partsMax: 32 };
const DUMP_BYTES = 900 * 1024;

const date = () => new Date("2024-06-30T00:00:00Z");
const shell = {
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
  now: () => performance.now(),
  date,
  progressLine: null,
};

const { emulator, folder, bucket } = testStores();

async function copy(
  from: Store,
  to: Store,
  sets: readonly PublishedSet[],
  more: Partial<CopyContext> = {},
) {
  const context: CopyContext = {
    ...{ network: NETWORK, from, to, sets, jobs: 3, isMoving: false, date, limits: LIMITS },
    confirm: async () => undefined,
    ...more,
  };
  return await runWithoutTarget([copySets, removeCopied], context, shell);
}

async function completeIn(store: Store): Promise<string[]> {
  const { sets } = await findSets(store, NETWORK);
  return sets.filter(({ fault }) => fault === null).map(({ name }) => name);
}

const uploadsOf = (name: string) =>
  emulator().requests.filter((it) => it.method === "POST" && it.path.includes(`name=${name}`))
    .length;

test.each<[string, () => Store, () => Store]>([
  ["a folder to a bucket", folder, bucket],
  ["a bucket to a folder", bucket, folder],
])("%s: what arrived is not sent again, however the copy was broken off", async (_what, a, b) => {
  const [from, to] = [a(), b()];
  const older = await writeSet(from, { height: 10 });
  const set = await writeSet(from, { height: 20, dumpBytes: DUMP_BYTES });
  const dump = set.manifest.files[0]!;
  // The way breaks when a few parts are through, and stays broken.
  const fault = { nth: 3, times: "always", action: { kind: "status", status: 400 } } as const;
  const isUp = to.url.startsWith("gs:");
  const parts = isUp ? "name=.*forklift-copy" : `${dump.name}.*alt=media`;
  emulator().faults.add({ ...fault, method: isUp ? "POST" : "GET", path: parts });
  await expect(copy(from, to, [older, set], { jobs: 1 })).rejects.toThrow();
  emulator().faults.clear();
  expect(await completeIn(to)).toEqual([older.name]);
  expect((await readLatest(to, NETWORK))?.set).toBe(older.name);

  const [report] = await copy(from, to, [older, set]);
  const present = report!.leftBehind!["bytes that were there"]!;
  const olderBytes = older.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(present).toBeGreaterThanOrEqual(olderBytes + 2 * LIMITS.partBytesMin);
  expect(present).toBeLessThan(DUMP_BYTES);
  expect(await completeIn(to)).toEqual([set.name, older.name]);
  expect((await readLatest(to, NETWORK))?.set).toBe(set.name);
  expect(await namesIn(to)).toEqual([...(await namesIn(from)), latestName(NETWORK)].sort());

  // Nothing at all the third time.
  const before = uploadsOf("");
  const [again] = await copy(from, to, [older, set]);
  expect(again!.leftBehind!["bytes that were there"]).toBe(olderBytes + totalOf(set));
  expect(uploadsOf("")).toBe(before);
});

function totalOf({ manifest }: PublishedSet): number {
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
}

test("a file of the right size and other bytes is sent again; a part that is wrong is found", async () => {
  const [from, to] = [folder(), folder()];
  const set = await writeSet(from, { height: 20, dumpBytes: DUMP_BYTES });
  const [dump, checkpoint] = set.manifest.files;
  await to.write(checkpoint!.name, one(Buffer.alloc(checkpoint!.bytes, 7)));
  const part = `.forklift-copy/${NETWORK}/${dump!.sha256}/${LIMITS.partBytesMin}/000`;
  await to.write(part, one(Buffer.alloc(LIMITS.partBytesMin, 7)));
  await expect(copy(from, to, [set])).rejects.toThrow("copied");
  expect(await completeIn(to)).toEqual([]);
  // Its parts are gone, so that the next copy makes new ones.
  await copy(from, to, [set]);
  expect(await completeIn(to)).toEqual([set.name]);
});

test("a move removes what was compared, and what a set that stays needs is no part of it", async () => {
  const [from, to] = [folder(), bucket()];
  const staying = await writeSet(from, { height: 10 });
  const moving = await writeSet(from, { height: 20 });
  await moveLatest(from, { network: NETWORK, set: moving, date, isReplacing: false });
  await copy(from, to, [moving], { isMoving: true });
  expect(await completeIn(from)).toEqual([staying.name]);
  expect(await completeIn(to)).toEqual([moving.name]);
  expect((await readLatest(from, NETWORK))?.set).toBe(staying.name);
  expect(await namesIn(from)).toHaveLength(6);
});

test("a move of what did not arrive whole removes nothing", async () => {
  const [from, to] = [folder(), folder()];
  const set = await writeSet(from, { height: 20 });
  const before = await namesIn(from);
  // A disk that returns other bytes than it took.
  const damaging: Store = {
    ...to,
    async write(name, body) {
      const written = await to.write(name, body);
      if (name === set.manifest.files[0]!.name) {
        await to.write(name, one(Buffer.alloc(Number(written.bytes), 7)));
      }
      return written;
    },
  };
  const moving = copy(from, damaging, [set], { isMoving: true });
  await expect(moving).rejects.toThrow(VerificationError);
  await expect(moving).rejects.toThrow(/expected every byte, found .* has SHA-256/);
  expect(await namesIn(from)).toEqual(before);
});
