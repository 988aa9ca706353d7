import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openObject, openStore } from "../src/open-store.ts";
import { readAll } from "../src/read-all.ts";
import type { Store } from "../src/store.ts";

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "forklift-storage-"));
  store = openStore(pathToFileURL(folder).href);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function* body(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function namesOf(prefix?: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names;
}

async function read(name: string): Promise<string | null> {
  const found = await store.open(name);
  return found === null ? null : `${await readAll(found, 1000)}`;
}

test("what is written is read back, with its checksums", async () => {
  const written = await store.write("sub/numbers.txt", body("1234", "56789"));
  expect(written).toEqual({
    name: "sub/numbers.txt",
    bytes: 9n,
    sha256: createHash("sha256").update("123456789").digest("hex"),
    crc32c: "4waSgw==",
  });
  expect(await read("sub/numbers.txt")).toBe("123456789");
});

test("objects are listed by prefix, over folders, and symbolic links to files count", async () => {
  for (const name of ["b", "a/2", "a/1", "ab/3"]) await store.write(name, body("x"));
  await symlink(join(folder, "b"), join(folder, "c"));
  expect(await namesOf()).toEqual(["a/1", "a/2", "ab/3", "b", "c"]);
  expect(await namesOf("a")).toEqual(["a/1", "a/2", "ab/3"]);
  expect(await namesOf("a/")).toEqual(["a/1", "a/2"]);
  expect(await namesOf("a/2")).toEqual(["a/2"]);
  expect(await namesOf("nothing")).toEqual([]);
});

test("a folder that does not exist yet is empty, and writing makes it", async () => {
  store = openStore(`${pathToFileURL(folder).href}/later`);
  expect(await namesOf()).toEqual([]);
  await store.write("x", body("x"));
  expect(await namesOf()).toEqual(["x"]);
});

test("what is not there is null, for a folder too, and removing it is no error", async () => {
  await store.write("sub/x", body("x"));
  expect(await read("y")).toBeNull();
  expect(await read("sub")).toBeNull();
  await store.remove("y");
  await store.remove("sub/x");
  expect(await read("sub/x")).toBeNull();
  await expect(openObject(`${folder}/y`)).rejects.toThrow(SourceDataError);
});

test("a body that fails leaves the former object and nothing else", async () => {
  await store.write("x", body("before"));
  const failing = (async function* () {
    yield Buffer.from("half");
    throw new SourceDataError("the body broke");
  })();
  await expect(store.write("x", failing)).rejects.toThrow("the body broke");
  expect(await read("x")).toBe("before");
  expect(await readdir(folder)).toEqual(["x"]);
});

test("a writer that is killed in the middle leaves no object", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", HALF_A_WRITE], {
    cwd: import.meta.dirname,
    env: { ...process.env, STORE: store.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");

  const left = await readdir(folder);
  expect(left).toEqual([expect.stringMatching(/^\.x\..*\.partial$/)]);
  expect(await readFile(join(folder, left[0]!), "utf8")).toHaveLength(1_000_000);
  expect(await namesOf()).toEqual([]);
  expect(await read("x")).toBeNull();
});

/** Yields a second time only after the first chunk has gone to the file, then never again. */
const HALF_A_WRITE = `
  import { openStore } from "@forklift/storage";
  await openStore(process.env.STORE).write("x", (async function* () {
    yield Buffer.alloc(1_000_000, "x");
    console.log("half");
    await new Promise(() => setInterval(() => {}, 1000));
  })());
`;

test.each(["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0b"])(
  "the name %j is refused",
  async (name) => {
    await expect(async () => store.open(name)).rejects.toThrow(SourceDataError);
    await expect(async () => store.write(name, body("x"))).rejects.toThrow(SourceDataError);
    await expect(async () => store.remove(name)).rejects.toThrow(SourceDataError);
  },
);

test("a path through a file is a matter of configuration", async () => {
  await writeFile(join(folder, "file"), "x");
  await expect(store.write("file/x", body("x"))).rejects.toThrow(ConfigError);
});

test("a file that shrinks while it is read is not taken for a whole one", async () => {
  await store.write("x", body("123456"));
  const found = await store.open("x");
  await writeFile(join(folder, "x"), "123");
  await expect(readAll(found!, 1000)).rejects.toThrow(/changed while it was read/);
});
