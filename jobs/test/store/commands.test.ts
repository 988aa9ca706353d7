// `forklift store` as its users run it, on a folder, a bucket and a web server.

import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore, type Store } from "@forklift/storage";
import { forkliftJson, type GcsEmulator, runForklift, startGcsEmulator } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moveLatest } from "../../src/sets/latest.ts";
import type { PublishedSet } from "../../src/sets/published-sets.ts";
import { expectRefusal } from "../wrong-input/refusal.ts";
import { NETWORK, namesIn, one, writeSet } from "./written-sets.ts";

let home: string;
let folder: string;
let store: Store;
let emulator: GcsEmulator;
let env: Readonly<Record<string, string>>;
/** By height. */
const sets = new Map<number, PublishedSet>();

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-store-"));
  folder = path.join(home, "store");
  store = openStore(`${folder}/`);
  emulator = await startGcsEmulator({ dir: path.join(home, "buckets") });
  await emulator.createBucket("sets");
  env = { STORAGE_EMULATOR_HOST: emulator.url };
  for (const height of [10, 20, 30]) {
    sets.set(
      height,
      await writeSet(store, { height, created: `2024-06-0${height / 10}T00:00:00Z` }),
    );
  }
  const set = sets.get(30)!;
  await moveLatest(store, { network: NETWORK, set, date: () => new Date(0), isReplacing: false });
  await store.write(`${NETWORK}-report-2020-01-01_0000.json`, one(Buffer.from("of no set")));
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const nameOf = (height: number) => sets.get(height)!.name;

interface Listing {
  readonly sets: readonly {
    height: number;
    state: string;
    fault: string | null;
    latest: boolean;
  }[];
  readonly leftovers: readonly { name: string }[];
}

interface Pruned {
  readonly done: boolean;
  readonly remove: readonly string[];
  readonly changeClass: readonly { name: string; storageClass: string }[];
}

test("ls, show and verify tell the state of every set, and name what is wrong", async () => {
  const shown = await runForklift(["store", "ls", "--store", folder]);
  expect(shown.stdout).toMatch(
    /^ +30 {2}2024-06-03T\S+ +3\.2 kB {2}complete, latest +sample-set-30-/m,
  );
  const manifest = await forkliftJson(["store", "show", "20", "--store", "store"], { cwd: home });
  expect(manifest).toMatchObject({ set: nameOf(20), height: 20, state: "complete" });
  const verified = await forkliftJson(["store", "verify", "--all", "--store", folder]);
  expect(verified).toMatchObject({ sets: [30, 20, 10].map(nameOf), files: 12 });

  const dump = path.join(folder, sets.get(20)!.manifest.files[0]!.name);
  const checkpoint = path.join(folder, sets.get(10)!.manifest.files[1]!.name);
  const [whole, kept] = [await readFile(dump), await readFile(checkpoint)];
  await writeFile(dump, whole.subarray(1));
  await writeFile(checkpoint, Buffer.alloc(kept.length));
  await expectRefusal(["store", "verify", "--all", "--store", folder], {
    exit: 65,
    says: [`${nameOf(20)}: `, "has 999 bytes, expected 1000", `${nameOf(10)}: `, "has SHA-256"],
    next: "store prune --leftovers",
  });
  const torn = await forkliftJson<Listing>(["store", "ls", "--store", folder]);
  expect(torn.sets.map(({ state }) => state)).toEqual(["complete", "torn", "complete"]);
  expect(torn.sets[1]!.fault).toContain("has 999 bytes");
  await writeFile(dump, whole);
  await writeFile(checkpoint, kept);
});

test("what is asked wrongly is refused with what there is", async () => {
  await expectRefusal(["store", "show", "25", "--store", folder], {
    exit: 64,
    says: ["holds no set 25; heights: 30, 20, 10"],
    next: "",
  });
  await expectRefusal(["store", "prune", "--store", folder, "--yes"], {
    exit: 64,
    says: ["nothing says which sets to keep"],
    next: "give --last, --daily",
  });
});

test("copies go to a bucket and from a web server, and a prune removes what its plan said", async () => {
  const to = ["--to", "gs://sets/copy/"];
  const copied = await forkliftJson(["store", "copy", "--all", "--store", folder, ...to], { env });
  expect(copied).toMatchObject({ sets: [10, 20, 30].map(nameOf), removed: 0 });
  const again = await forkliftJson(["store", "copy", "--all", "--store", folder, ...to], { env });
  expect(again).toMatchObject({ copiedBytes: 0 });

  const rules = ["--last", "1", "--weekly", "1", "--storage-class", "ARCHIVE:30"];
  const prune = ["store", "prune", "--store", "gs://sets/copy/", ...rules];
  const plan = await forkliftJson<Pruned>(prune, { env });
  expect(plan.done).toBe(false);
  expect(plan.remove.slice(0, 2)).toEqual([nameOf(20), nameOf(10)]);
  expect(plan.remove).toHaveLength(10);
  expect(plan.changeClass).toHaveLength(4);
  const bucket = path.join(home, "buckets/sets/copy");
  expect(await namesIn(openStore(`${bucket}/`))).toHaveLength(16);
  const done = await forkliftJson<Pruned>([...prune, "--yes"], { env });
  expect(done).toEqual({ ...plan, done: true });
  expect(await namesIn(openStore(`${bucket}/`))).toHaveLength(6);
  const idle = await forkliftJson<Pruned>([...prune, "--yes"], { env });
  expect(idle).toMatchObject({ remove: [], changeClass: [] });

  const web = createServer((request, response) => {
    readFile(path.join(bucket, request.url!)).then(
      (content) => response.writeHead(200, { "content-length": content.length }).end(content),
      () => response.writeHead(404).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(web, "listening");
  try {
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
    const home3 = path.join(home, "from-the-web");
    const fromWeb = ["store", "copy", "--store", url, "--network", NETWORK, "--to", home3];
    expect(await forkliftJson(fromWeb)).toMatchObject({ sets: [nameOf(30)] });
  } finally {
    web.closeAllConnections();
    web.close();
  }
  const leftovers = ["store", "prune", "--store", folder, "--last", "9", "--leftovers", "--yes"];
  expect(await forkliftJson<Pruned>(leftovers)).toMatchObject({
    remove: [`${NETWORK}-report-2020-01-01_0000.json`],
  });
  expect(await namesIn(store)).toHaveLength(16);
});
