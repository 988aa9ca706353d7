import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { type Bucket, type File, Storage } from "@google-cloud/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type GcsEmulator, startGcsEmulator } from "../src/gcs-emulator/gcs-emulator.ts";

let dir: string;
let emulator: GcsEmulator;
let bucket: Bucket;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "forklift-gcs-"));
  emulator = await startGcsEmulator({ dir });
  await emulator.createBucket("crates");
  bucket = client(emulator.url).bucket("crates");
});

afterEach(async () => {
  await emulator[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** The official client, configured only with the service's URL. */
function client(apiEndpoint: string): Storage {
  return new Storage({ apiEndpoint, projectId: "p" });
}

const SMALL = Buffer.from("123456789");
const LARGE = randomBytes(3_000_000);

async function namesOf(query: object = {}): Promise<string[]> {
  const [files] = await bucket.getFiles(query);
  return files.map(({ name }) => name);
}

test.each([
  ["small, in one request", SMALL, { resumable: false }],
  ["empty, in one request", Buffer.alloc(0), { resumable: false }],
  ["large, in one request", LARGE, { resumable: false }],
  ["large, resumable in one go", LARGE, { resumable: true }],
  ["large, resumable in chunks", LARGE, { resumable: true, chunkSize: 2 ** 20 }],
  ["of whole chunks", LARGE.subarray(0, 2 ** 21), { resumable: true, chunkSize: 2 ** 20 }],
  ["empty, resumable", Buffer.alloc(0), { resumable: true }],
])("an upload that is %s is downloaded as it was", async (_, content, options) => {
  const file = bucket.file("a b/ü%.bin");
  await file.save(content, { ...options, preconditionOpts: { ifGenerationMatch: 0 } });
  expect((await file.download())[0].equals(content)).toBe(true);
});

test("an object has the metadata that was given and that was computed", async () => {
  const file = bucket.file("x.json");
  await file.save(SMALL, { contentType: "application/json", metadata: { metadata: { era: "1" } } });
  const [metadata] = await file.getMetadata();
  expect(metadata).toMatchObject({
    name: "x.json",
    bucket: "crates",
    size: "9",
    crc32c: "4waSgw==",
    md5Hash: createHash("md5").update(SMALL).digest("base64"),
    contentType: "application/json",
    metadata: { era: "1" },
    generation: expect.stringMatching(/^\d{16}$/),
  });
  expect((await file.exists())[0]).toBe(true);
  expect((await bucket.file("y").exists())[0]).toBe(false);
});

test("a range is downloaded alone, and one beyond the end is refused", async () => {
  await bucket.file("x").save(SMALL);
  const [middle] = await bucket.file("x").download({ start: 2, end: 4, validation: false });
  expect(`${middle}`).toBe("345");
  await expect(bucket.file("x").download({ start: 9, validation: false })).rejects.toThrow();
});

test("objects are listed in pages, by prefix, in the order of their names", async () => {
  const names = ["a-b", "a/1", "a/2/x", "ab", "b"];
  for (const name of names.toReversed()) await bucket.file(name).save(name);
  expect(await namesOf()).toEqual(names);
  expect(await namesOf({ prefix: "a/" })).toEqual(["a/1", "a/2/x"]);
  expect(await namesOf({ prefix: "a/2" })).toEqual(["a/2/x"]);
  const pages: string[][] = [];
  for (let query: object | null = { maxResults: 2 }; query !== null; ) {
    const [page, next]: [File[], object | null, ...unknown[]] = await bucket.getFiles({
      ...query,
      autoPaginate: false,
    });
    pages.push(page.map(({ name }) => name));
    query = next;
  }
  expect(pages).toEqual([["a-b", "a/1"], ["a/2/x", "ab"], ["b"]]);
});

test.each([{ resumable: false }, { resumable: true }])(
  "a precondition on the generation holds or is refused with 412, %j",
  async (options) => {
    const file = bucket.file("x");
    const save = (ifGenerationMatch: number | string) =>
      file.save(SMALL, { ...options, preconditionOpts: { ifGenerationMatch } });
    await expect(save(1)).rejects.toThrow(/pre-conditions|412/);
    await save(0);
    await expect(save(0)).rejects.toThrow(/pre-conditions|412/);
    const generation = `${(await file.getMetadata())[0].generation}`;
    await save(generation);
    expect((await file.getMetadata())[0].generation).not.toBe(generation);
    await expect(file.delete({ ifGenerationMatch: generation })).rejects.toThrow(/pre-conditions/);
  },
);

test("an upload that another one overtook is refused at its end", async () => {
  const file = bucket.file("x");
  const [uri] = await file.createResumableUpload({ preconditionOpts: { ifGenerationMatch: 0 } });
  await file.save("faster");
  const answer = await fetch(uri, { method: "PUT", body: "slower" });
  expect(answer.status).toBe(412);
  expect(`${(await file.download())[0]}`).toBe("faster");
});

test("what is deleted is gone, and deleting it again is 404", async () => {
  await bucket.file("x").save(SMALL);
  await bucket.file("x").delete();
  expect(await namesOf()).toEqual([]);
  await expect(bucket.file("x").delete()).rejects.toMatchObject({ code: 404 });
  await expect(bucket.file("x").download()).rejects.toMatchObject({ code: 404 });
});

test("buckets are created, listed and found", async () => {
  const storage = client(emulator.url);
  await storage.createBucket("more-crates");
  const [buckets] = await storage.getBuckets();
  expect(buckets.map(({ name }) => name).sort()).toEqual(["crates", "more-crates"]);
  expect(await storage.bucket("crates").exists()).toEqual([true]);
  await expect(storage.bucket("nothing").getFiles()).rejects.toMatchObject({ code: 404 });
});

/** The protocol of chunks by hand, since no client shows the states in between. */
async function put(uri: string, range: string, body: Uint8Array<ArrayBuffer>) {
  const headers = { "content-range": `bytes ${range}` };
  return await fetch(uri, { method: "PUT", headers, body, redirect: "manual" });
}

test("a session says how far it came, keeps whole quanta, and ends only once", async () => {
  const quantum = 256 * 1024;
  const content = Uint8Array.from(randomBytes(quantum * 3 + 5));
  const total = content.length;
  const [uri] = await bucket.file("x").createResumableUpload();
  const nothing = new Uint8Array();
  expect((await put(uri, "*/*", nothing)).headers.get("range")).toBeNull();

  emulator.faults.add({ method: "PUT", action: { kind: "cut", afterBytes: quantum + 7 } });
  await expect(
    put(uri, `0-${2 * quantum - 1}/*`, content.subarray(0, 2 * quantum)),
  ).rejects.toThrow();
  const status = await put(uri, "*/*", nothing);
  expect([status.status, status.headers.get("range")]).toEqual([308, `bytes=0-${quantum - 1}`]);

  // Sending again what is there already does no harm.
  const rest = content.subarray(5);
  const [first, again] = [
    await put(uri, `5-${total - 1}/${total}`, rest),
    await put(uri, `*/${total}`, nothing),
  ];
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(await first.json()).toEqual(await again.json());
  expect((await bucket.file("x").download())[0].equals(content)).toBe(true);
});

test("a gap, a crooked chunk and a wrong checksum are refused", async () => {
  const [uri] = await bucket.file("x").createResumableUpload();
  expect((await put(uri, "5-9/*", new Uint8Array(5))).status).toBe(400);
  expect((await put(uri, "0-4/*", new Uint8Array(5))).status).toBe(400);
  const headers = { "content-range": "bytes 0-4/5", "x-goog-hash": "crc32c=AAAAAA==" };
  const answer = await fetch(uri, { method: "PUT", headers, body: "12345" });
  expect(answer.status).toBe(400);
  expect(await namesOf()).toEqual([]);
});

test("a cancelled session is gone", async () => {
  const [uri] = await bucket.file("x").createResumableUpload();
  expect((await fetch(uri, { method: "DELETE" })).status).toBe(499);
  expect((await put(uri, "0-4/5", new Uint8Array(5))).status).toBe(404);
});

test("a download goes on where it was cut, if the object is still the same", async () => {
  await bucket.file("x").save(SMALL);
  const media = `${emulator.url}/storage/v1/b/crates/o/x?alt=media`;
  emulator.faults.add({ method: "GET", action: { kind: "cut", afterBytes: 4 } });
  const cut = await fetch(media);
  await expect(cut.text()).rejects.toThrow();
  const headers = { range: "bytes=4-", "if-match": `${cut.headers.get("etag")}` };
  const rest = await fetch(media, { headers });
  expect([rest.status, await rest.text()]).toEqual([206, "56789"]);
  expect(rest.headers.get("content-range")).toBe("bytes 4-8/9");
  expect(rest.headers.get("x-goog-hash")).toContain("crc32c=4waSgw==");

  await bucket.file("x").save("another one");
  expect((await fetch(media, { headers })).status).toBe(412);
  const former = `${media}&generation=${cut.headers.get("x-goog-generation")}`;
  expect((await fetch(former)).status).toBe(404);
});

test("a fault strikes the requests that it names, as often as it says", async () => {
  await bucket.file("x").save(SMALL);
  const media = `${emulator.url}/b/crates/o/x?alt=media`;
  const action = { kind: "status", status: 503, retryAfterSeconds: 1 } as const;
  emulator.faults.add({ method: "GET", path: "alt=media", nth: 2, times: 2, action });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push((await fetch(media)).status);
  expect(statuses).toEqual([200, 503, 503, 200]);
  expect(emulator.requests.at(-1)).toMatchObject({
    method: "GET",
    path: "/b/crates/o/x?alt=media",
  });
});

test("the other faults do what they are called", async () => {
  await bucket.file("x").save(SMALL);
  const media = `${emulator.url}/b/crates/o/x?alt=media`;
  const { faults } = emulator;
  faults.add({ action: { kind: "drop", when: "before" } });
  await expect(fetch(media)).rejects.toThrow();
  faults.add({ action: { kind: "delay", ms: 50 } });
  const started = performance.now();
  await fetch(media);
  expect(performance.now() - started).toBeGreaterThan(45);
  faults.add({ nth: 1, action: { kind: "corrupt" } });
  expect(await (await fetch(media)).text()).not.toBe(`${SMALL}`);
  faults.add({ path: "/o(\\?|$)", times: 2, action: { kind: "stale", missing: "x" } });
  expect([await namesOf(), await namesOf(), await namesOf()]).toEqual([[], [], ["x"]]);
  faults.add({ method: "DELETE", action: { kind: "drop", when: "after" } });
  await expect(fetch(media.replace("?alt=media", ""), { method: "DELETE" })).rejects.toThrow();
  expect((await fetch(media)).status).toBe(404);
});

test("random errors are the same for the same seed", async () => {
  await bucket.file("x").save(SMALL);
  const outcomes = async (seed: number) => {
    emulator.faults.setRandomErrors({ seed, rate: 0.3 });
    const seen: unknown[] = [];
    for (let n = 0; n < 40; n++) {
      seen.push(
        await fetch(`${emulator.url}/b/crates/o/x`).then(
          ({ status }) => status,
          () => "broken",
        ),
      );
    }
    return seen;
  };
  const first = await outcomes(7);
  emulator.faults.clear();
  expect(new Set(first)).toEqual(new Set([200, 503, "broken"]));
  expect(await outcomes(7)).toEqual(first);
  expect(await outcomes(8)).not.toEqual(first);
});

test("what is not emulated says so", async () => {
  await bucket.file("x").save(SMALL);
  await expect(bucket.file("x").setMetadata({ cacheControl: "no-store" })).rejects.toMatchObject({
    code: 501,
  });
  await expect(bucket.getFiles({ delimiter: "/" })).rejects.toMatchObject({ code: 501 });
  const url = `${emulator.url}/b/crates/o/x?ifMetagenerationMatch=1`;
  expect((await fetch(url)).status).toBe(501);
});

test("a folder of files is served as it is, and a changed file is a new generation", async () => {
  await mkdir(join(dir, "crates/dumps"));
  await writeFile(join(dir, "crates/dumps/one.txt"), "one");
  expect(await namesOf()).toEqual(["dumps/one.txt"]);
  const file = bucket.file("dumps/one.txt");
  expect(`${(await file.download())[0]}`).toBe("one");
  const [{ generation }] = await file.getMetadata();
  await writeFile(join(dir, "crates/dumps/one.txt"), "two!");
  expect(`${(await file.download())[0]}`).toBe("two!");
  expect((await file.getMetadata())[0].generation).not.toBe(generation);
});

test("names mean nothing to the file system", async () => {
  const names = ["../outside", "a//b", "dir/", "./x", "%25", "x/..", "a\\b", "ü"];
  for (const name of names) await bucket.file(name).save(name);
  expect(await namesOf()).toEqual(names.toSorted());
  for (const name of names) expect(`${(await bucket.file(name).download())[0]}`).toBe(name);
});

test("it runs in a process of its own and keeps its buckets when it ends", async () => {
  const main = fileURLToPath(new URL("../dist/gcs-emulator/main.js", import.meta.url));
  const start = async () => {
    const child = spawn(process.execPath, [main, "--dir", dir], { stdio: ["ignore", "pipe", 2] });
    const [line] = await once(createInterface(child.stdout!), "line");
    const { url } = JSON.parse(`${line}`) as { url: string };
    const stop = async () => {
      child.kill("SIGTERM");
      return (await once(child, "exit"))[0] as number;
    };
    return { url, stop };
  };
  const first = await start();
  const file = client(first.url).bucket("crates").file("x");
  await pipeline([LARGE], file.createWriteStream({ contentType: "text/x" }));
  const [before] = await file.getMetadata();
  expect(await first.stop()).toBe(0);

  const second = await start();
  const again = client(second.url).bucket("crates").file("x");
  expect((await again.getMetadata())[0]).toEqual({ ...before, size: `${LARGE.length}` });
  expect((await again.download())[0].equals(LARGE)).toBe(true);
  const action = { kind: "status", status: 404 };
  const fault = JSON.stringify({ path: "/o/x", action });
  await fetch(`${second.url}/_emulator/faults`, { method: "POST", body: fault });
  expect((await fetch(`${second.url}/b/crates/o/x`)).status).toBe(404);
  const seen = await fetch(`${second.url}/_emulator/requests`);
  expect(await seen.json()).toMatchObject({ requests: [{}, {}, { path: "/b/crates/o/x" }] });
  expect(await second.stop()).toBe(0);
});
