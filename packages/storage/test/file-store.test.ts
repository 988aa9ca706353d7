import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../src/open-store.ts";
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

test("symbolic links to files are objects, too", async () => {
  await store.write("b", body("x"));
  await symlink(join(folder, "b"), join(folder, "c"));
  expect(await namesOf()).toEqual(["b", "c"]);
});

test("a folder that does not exist yet is empty, and writing makes it", async () => {
  store = openStore(`${pathToFileURL(folder).href}/later`);
  expect(await namesOf()).toEqual([]);
  await store.write("x", body("x"));
  expect(await namesOf()).toEqual(["x"]);
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
