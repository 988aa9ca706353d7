// What a folder and a bucket promise alike: objects by name and by prefix, compare and set, parts of
// objects, objects made of parts.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SourceDataError } from "@forklift/pipeline";
import { type GcsEmulator, startGcsEmulator } from "@forklift/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openObject, openStore } from "../src/open-store.ts";
import { readAll, readFirst } from "../src/read-all.ts";
import type { Store } from "../src/store.ts";
import { serve } from "./faulty-server.ts";

let home: string;
let emulator: GcsEmulator;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "forklift-cas-"));
  emulator = await startGcsEmulator({ dir: join(home, "buckets") });
  await emulator.createBucket("crates");
  vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function* body(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

const text = async (store: Store, name: string) => (await store.read(name))?.content.toString();

async function namesOf(store: Store, prefix?: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

/** Every test has an empty location of its own. */
let places = 0;

describe.each([
  ["a folder", (place: number) => pathToFileURL(join(home, `folder ${place}/`)).href],
  ["a bucket", (place: number) => `gs://crates/sets ${place}/`],
])("%s", (_what, urlAt) => {
  let store: Store;
  beforeEach(() => {
    store = openStore(urlAt(places++));
  });

  test("gives back what was written, with its checksums", async () => {
    const written = await store.write("sub/ü%.txt", body("1234", "", "56789"));
    expect(written).toEqual({
      name: "sub/ü%.txt",
      bytes: 9n,
      sha256: createHash("sha256").update("123456789").digest("hex"),
      crc32c: "4waSgw==",
    });
    const found = (await store.open("sub/ü%.txt"))!;
    expect(found.bytes).toBe(9n);
    expect(`${await readAll(found, 100)}`).toBe("123456789");
  });

  test("gives the beginning of an object, which may be shorter", async () => {
    await store.write("x", body("123456789"));
    const head = async (name: string, bytes: number) => {
      const found = await store.openHead(name, bytes);
      return found === null ? null : `${await readFirst(found, bytes)}`;
    };
    expect(await head("x", 4)).toBe("1234");
    expect(await head("x", 9)).toBe("123456789");
    expect(await head("x", 4096)).toBe("123456789");
    expect(await head("y", 4)).toBeNull();
  });

  test("lists objects by prefix, in order, whatever folders they seem to lie in", async () => {
    expect(await namesOf(store)).toEqual([]);
    for (const name of ["b", "a/2", "a/1", "ab/3"]) await store.write(name, body("xyz"));
    expect(await namesOf(store)).toEqual(["a/1", "a/2", "ab/3", "b"]);
    expect(await namesOf(store, "a")).toEqual(["a/1", "a/2", "ab/3"]);
    expect(await namesOf(store, "a/")).toEqual(["a/1", "a/2"]);
    expect(await namesOf(store, "a/2")).toEqual(["a/2"]);
    expect(await namesOf(store, "nothing")).toEqual([]);
    for await (const { bytes } of store.list("b")) expect(bytes).toBe(3n);
  });

  test("has null for what is not there, and removes it without an error", async () => {
    await store.write("sub/x", body("x"));
    expect(await store.open("y")).toBeNull();
    expect(await store.open("sub")).toBeNull();
    await store.remove("y");
    await store.remove("sub/x");
    expect(await store.open("sub/x")).toBeNull();
    const lost = openObject(`${store.url}/y`);
    await expect(lost).rejects.toThrow(SourceDataError);
    await expect(lost).rejects.toThrow(`there is no ${store.url}/y`);
  });

  test.each(["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0b"])(
    "refuses the name %j",
    async (name) => {
      await expect(async () => store.open(name)).rejects.toThrow(SourceDataError);
      await expect(async () => store.write(name, body("x"))).rejects.toThrow(SourceDataError);
      await expect(async () => store.remove(name)).rejects.toThrow(SourceDataError);
    },
  );

  test("replaces what is as expected, and nothing else", async () => {
    expect(await store.read("x")).toBeNull();
    expect(await store.replace("x", Buffer.from("one"), "1234")).toBe(false);
    expect(await store.replace("x", Buffer.from("one"), null)).toBe(true);
    expect(await store.replace("x", Buffer.from("two"), null)).toBe(false);
    const one = (await store.read("x"))!;
    expect(one.content.toString()).toBe("one");
    expect(await store.replace("x", Buffer.from("two"), one.version)).toBe(true);
    expect(await store.replace("x", Buffer.from("three"), one.version)).toBe(false);
    expect(await store.replace("x", null, one.version)).toBe(false);
    expect(await text(store, "x")).toBe("two");
    const two = (await store.read("x"))!;
    expect(await store.replace("x", null, two.version)).toBe(true);
    expect(await store.read("x")).toBeNull();
  });

  test("loses no step of several writers at once", async () => {
    const writers = 4;
    const steps = 5;
    const { url } = store;
    const write = async (writer: number) => {
      const own = openStore(url);
      for (let step = 0; step < steps; ) {
        const found = await own.read("log");
        const lines = `${found?.content ?? ""}${writer}:${step}\n`;
        if (await own.replace("log", Buffer.from(lines), found?.version ?? null)) step++;
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    const lines = (await text(store, "log"))!.trim().split("\n");
    expect(new Set(lines).size).toBe(writers * steps);
    expect(lines).toHaveLength(writers * steps);
  });

  test("gives parts of an object, and makes one of several", async () => {
    await store.write("part-0", body("0123456789"));
    await store.write("part-1", body("abc"));
    const part = await store.open("part-0", { start: 3n, end: 7n });
    expect(part!.bytes).toBe(4n);
    expect((await readAll(part!, 100)).toString()).toBe("3456");
    const whole = await store.compose("whole", ["part-1", "part-0", "part-1"]);
    expect(whole).toMatchObject({ name: "whole", bytes: 16n });
    expect(await text(store, "whole")).toBe("abc0123456789abc");
    // What was there before is replaced.
    await store.compose("whole", ["part-1"]);
    expect(await text(store, "whole")).toBe("abc");
  });
});

test("a lost answer to a bucket's compare and set is found out", async () => {
  const store = openStore("gs://crates/lost/");
  for (const method of ["PUT", "DELETE"]) {
    emulator.faults.add({ method, action: { kind: "drop", when: "after" } });
  }
  expect(await store.replace("x", Buffer.from("one"), null)).toBe(true);
  const { version } = (await store.read("x"))!;
  expect(await store.replace("x", null, version)).toBe(true);
  expect(await store.read("x")).toBeNull();
  emulator.faults.add({ path: "compose", action: { kind: "drop", when: "after" } });
  await store.write("part", body("abc"));
  expect(await store.compose("whole", ["part"])).toMatchObject({ bytes: 3n, crc32c: "Nks/tw==" });
});

test("a bucket lists checksums and storage classes, and changes the latter", async () => {
  const store = openStore("gs://crates/classes/");
  await store.write("x", body("123456789"));
  await store.changeStorageClass!("x", "COLDLINE");
  const listed = [];
  for await (const object of store.list()) listed.push(object);
  expect(listed).toEqual([{ name: "x", bytes: 9n, crc32c: "4waSgw==", storageClass: "COLDLINE" }]);
  expect(await text(store, "x")).toBe("123456789");
});

test("in a folder the lock of a process that died is taken over, and is never listed", async () => {
  const folder = join(home, "stale");
  const store = openStore(`${folder}/`);
  await mkdir(folder);
  const lock = join(folder, ".x.lock");
  await writeFile(lock, "somebody");
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(lock, longAgo, longAgo);
  for await (const { name } of store.list()) expect.unreachable(`${name} is listed`);
  expect(await store.replace("x", Buffer.from("one"), null)).toBe(true);
  expect(await readdir(folder)).toEqual(["x"]);
});

test("of the web a part is asked for as such, and a server that sends all of it is refused", async () => {
  const content = "0123456789";
  await using server = await serve((request, response, before) => {
    expect(request.headers.range).toBe("bytes=2-4");
    const part = before === 0 ? content.slice(2, 5) : content;
    response.writeHead(206, {
      "content-length": part.length,
      "content-range": `bytes 2-${1 + part.length}/10`,
    });
    response.end(part);
  });
  const store = openStore(`${server.url}/`);
  const open = () => store.open("x", { start: 2n, end: 5n });
  expect((await readAll((await open())!, 100)).toString()).toBe("234");
  await expect(open()).rejects.toThrow("sent 10 bytes, asked for 2 to 5");
});
