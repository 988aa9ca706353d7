// `forklift store` as its users run it, on a folder, a bucket and a web server.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import type { PublishedSet } from "@forklift/sets";
import { moveLatest } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import { thisProcess } from "@forklift/system";
import {
  type GcsEmulator,
  inProcess,
  NETWORK,
  namesIn,
  one,
  standIn,
  startGcsEmulator,
  writeSet,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { forklift } from "../../src/commands/index.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

let home: string;
let folder: string;
let store: Store;
let emulator: GcsEmulator;
/** By height. */
const sets = new Map<number, PublishedSet>();

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-store-"));
  folder = path.join(home, "store");
  store = openStore(`${folder}/`);
  emulator = await startGcsEmulator({ dir: path.join(home, "buckets") });
  await emulator.createBucket("sets");
  vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url);
  for (const height of [10, 20, 30]) {
    // The oldest is of version 1.
    const inputs = height === 10 ? null : [];
    const created = `2024-06-0${height / 10}T00:00:00Z`;
    sets.set(height, await writeSet(store, { height, created, inputs }));
  }
  const set = sets.get(30)!;
  await moveLatest(store, { network: NETWORK, set, date: () => new Date(0), isReplacing: false });
  await store.write(`${NETWORK}-report-2020-01-01_0000.json`, one(Buffer.from("of no set")));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

standIn(() => home);

const nameOf = (height: number) => sets.get(height)!.name;

interface Listing {
  readonly sets: readonly {
    height: number;
    state: string;
    fault: string | null;
    latest: boolean;
  }[];
  readonly leftovers: readonly { name: string; bytes: number; unfinished: boolean }[];
}

interface Pruned {
  readonly done: boolean;
  readonly remove: readonly string[];
  readonly changeClass: readonly { name: string; storageClass: string }[];
}

test("ls, show and verify tell the state of every set, and name what is wrong", async () => {
  const shown = await run(["store", "ls", "--store", folder]);
  expect(shown.stdout).toMatch(
    /^ +30 {2}2024-06-03 00:00 UTC +1\.3 kB {2}complete, latest +sample-set-30-/m,
  );
  const manifest = await runJson(["store", "show", "20", "--store", "store"]);
  expect(manifest).toMatchObject({ set: nameOf(20), height: 20, state: "complete" });
  const verified = await runJson(["store", "verify", "--all", "--store", folder]);
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
  const torn = await runJson<Listing>(["store", "ls", "--store", folder]);
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
  const copied = await runJson(["store", "copy", "--all", "--store", folder, ...to]);
  expect(copied).toMatchObject({ sets: [10, 20, 30].map(nameOf), removed: 0 });
  const again = await runJson(["store", "copy", "--all", "--store", folder, ...to]);
  expect(again).toMatchObject({ copiedBytes: 0 });

  const rules = ["--last", "1", "--weekly", "1", "--storage-class", "ARCHIVE:30"];
  const prune = ["store", "prune", "--store", "gs://sets/copy/", ...rules];
  const plan = await runJson<Pruned>(prune);
  expect(plan.done).toBe(false);
  expect(plan.remove.slice(0, 2)).toEqual([nameOf(20), nameOf(10)]);
  expect(plan.remove).toHaveLength(10);
  expect(plan.changeClass).toHaveLength(4);
  const bucket = path.join(home, "buckets/sets/copy");
  expect(await namesIn(openStore(`${bucket}/`))).toHaveLength(16);
  const done = await runJson<Pruned>([...prune, "--yes"]);
  expect(done).toEqual({ ...plan, done: true });
  expect(await namesIn(openStore(`${bucket}/`))).toHaveLength(6);
  const idle = await runJson<Pruned>([...prune, "--yes"]);
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
    expect(await runJson(fromWeb)).toMatchObject({ sets: [nameOf(30)] });
  } finally {
    web.closeAllConnections();
    web.close();
  }
  const leftovers = ["store", "prune", "--store", folder, "--last", "9", "--leftovers", "--yes"];
  expect(await runJson<Pruned>(leftovers)).toMatchObject({
    remove: [`${NETWORK}-report-2020-01-01_0000.json`],
  });
  expect(await namesIn(store)).toHaveLength(16);
});

test("a copy of nothing that is whole is no success, and touches nothing", async () => {
  const torn = path.join(home, "torn");
  const to = path.join(home, "copied");
  const all = ["store", "copy", "--all", "--store", torn, "--network", NETWORK, "--to", to];
  await mkdir(torn);
  const empty = { exit: 78, says: ["holds no set"], next: "check the URL" } as const;
  await expectRefusal(all, empty);
  await expectRefusal(["store", "verify", "--all", "--store", torn, "--network", NETWORK], empty);

  const inTorn = openStore(`${torn}/`);
  const low = await writeSet(inTorn, { height: 10 });
  const high = await writeSet(inTorn, { height: 20 });
  const dumpOf = ({ manifest }: PublishedSet) => path.join(torn, manifest.files[0]!.name);
  const whole = await readFile(dumpOf(low));
  await rm(dumpOf(low));
  await writeFile(dumpOf(high), "half");
  await expectRefusal(all, {
    exit: 65,
    says: ["holds 2 sets and none of them is complete", low.name, "has 4 bytes, expected 1000"],
    next: "put the files back",
  });
  await expectRefusal(["store", "copy", "20", "--store", torn, "--to", to], {
    exit: 65,
    says: [`${high.name} is not whole`],
    next: "put its files back",
  });
  await expect(readdir(to)).rejects.toThrow("ENOENT");

  await writeFile(dumpOf(low), whole);
  const passedOver = [{ name: high.name, fault: expect.stringContaining("has 4 bytes") }];
  const some = await run(all);
  expect(some.exit, some.stderr).toBe(0);
  expect(some.stdout).toContain("1 incomplete set passed over");
  const again = await runJson(all);
  expect(again).toMatchObject({ sets: [low.name], copiedBytes: 0, passedOver });
});

const PARTIAL =
  ".sample-migrated-archive-dump-2024-07-01_0000.sql.tar.gz.01234567-89ab-cdef-0123-456789abcdef.partial";
const LOCK = ".sample-latest.json.lock";

test("what a killed upload left is counted, and goes alone, also where no set is whole", async () => {
  const killed = path.join(home, "killed");
  await mkdir(path.join(killed, `.forklift-copy/${NETWORK}/ab/1`), { recursive: true });
  const files: readonly [string, number][] = [
    [PARTIAL, 5000],
    [LOCK, 36],
    [`.forklift-copy/${NETWORK}/ab/1/.000.01234567-89ab-cdef-0123-456789abcdef.partial`, 7],
    // Of a set whose manifest never came.
    [`${NETWORK}-checkpoint-99.json`, 70],
    // Not ours: another program's, another network's run records, and one that is being written.
    [".notes.lock", 1],
    [`${NETWORK}-notes.txt`, 1],
    [`.other-latest.json.lock`, 1],
  ];
  for (const [name, bytes] of files) await writeFile(path.join(killed, name), Buffer.alloc(bytes));
  const old = new Date(Date.now() - 60_000);
  await utimes(path.join(killed, LOCK), old, old);
  const { pid, namespace, start } = thisProcess();
  const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  const living = `.${NETWORK}-report-2024-07-01_0000.json.${pid}-${namespace}-${start}-${host}-00000000.partial`;
  await writeFile(path.join(killed, living), "half");

  const listing = await runJson<Listing>(["store", "ls", "--store", killed]);
  const left = listing.leftovers.map(({ name, bytes, unfinished }) => [name, bytes, unfinished]);
  const ours = files.slice(0, 4).map(([name, bytes], at) => [name, bytes, at < 3]);
  expect(left.sort()).toEqual(ours.sort());
  const { stdout } = await run(["store", "ls", "--store", killed]);
  expect(stdout).toContain(
    "4 objects of no complete set (3 unfinished, of runs that were killed), 5.1 kB; ",
  );
  const prune = ["store", "prune", "--store", killed, "--leftovers"];
  const plan = await runJson<Pruned>(prune);
  expect([...plan.remove].sort()).toEqual(ours.map(([name]) => name).sort());
  expect(await runJson<Pruned>([...prune, "--yes"])).toEqual({ ...plan, done: true });
  const kept = (await readdir(killed)).filter((name) => name !== ".forklift-copy");
  expect(kept.sort()).toEqual([living, ...files.slice(4).map(([name]) => name)].sort());
});

test("leftovers alone are pruned without a rule, and no set goes", async () => {
  await writeFile(path.join(folder, PARTIAL), "half");
  await expect(runJson(["store", "ls", "--store", folder])).resolves.toMatchObject({
    leftovers: [{ name: PARTIAL, bytes: 4, unfinished: true }],
  });
  const done = await runJson<Pruned>(["store", "prune", "--store", folder, "--leftovers", "--yes"]);
  expect(done.remove).toEqual([PARTIAL]);
  expect(await namesIn(store)).toHaveLength(16);
});

test("unlock shows whose lease it is, asks, and removes it", async () => {
  const locked = path.join(home, "locked");
  const inLocked = openStore(`${locked}/`);
  const unlock = ["store", "unlock", "--store", locked];
  await mkdir(locked);
  expect((await run(unlock)).stdout).toContain("no run holds the lease");
  const now = Date.now();
  const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
  const holder = {
    ...{ version: 1, id: "00000000-0000-4000-8000-000000000000", work: "daily", host: "elsewhere" },
    ...{ pid: 7, process: "1 2", acquired: at(-90), expires: at(9) },
  };
  const name = `${NETWORK}-lease.json`;
  const put = (content: string) => inLocked.write(name, one(Buffer.from(content)));
  await put(JSON.stringify(holder));
  await expectRefusal(unlock, {
    exit: 64,
    says: ["daily on elsewhere (process 7)", "1h30m old", "no terminal to answer on"],
    next: "add --yes",
  });
  for (const answer of ["", "n", "never"]) {
    const asked = await run(unlock, { answer });
    expect(asked.stderr).toMatch(
      /daily on elsewhere \(process 7\), which began at .* until .*; it is 1h30m old; it is in force; .*Remove it\? \[y\/N\]/,
    );
    expect(asked).toMatchObject({ exit: 0, stdout: expect.stringContaining("nothing was done") });
  }
  expect(await inLocked.read(name)).not.toBeNull();
  const told = await run(unlock, { answer: "y" });
  expect(told.stdout).toContain("the lease is removed");
  expect(await inLocked.read(name)).toBeNull();

  await put("not a lease");
  const removed = await runJson([...unlock, "--yes"]);
  expect(removed).toMatchObject({ removed: true, lease: { holder: null, free: "it is no lease" } });
  expect(await runJson([...unlock, "--yes"])).toMatchObject({ removed: false, lease: null });

  await put(JSON.stringify(holder));
  await inLocked.write("other-lease.json", one(Buffer.from(JSON.stringify(holder))));
  await expectRefusal([...unlock, "--yes"], {
    exit: 64,
    says: [`holds leases of other, ${NETWORK}`],
    next: "--network",
  });
});
