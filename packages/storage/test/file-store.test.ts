import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "../src/open-store.ts";
import { readAll } from "../src/read-all.ts";
import type { Store, UnfinishedObject } from "../src/store.ts";
import { removeUnfinished } from "../src/unfinished.ts";

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

test("what has a name and cannot be read is listed, so that nobody takes another for it without a word", async () => {
  execFileSync("mkfifo", [join(folder, "pipe")]);
  await symlink(join(folder, "nowhere"), join(folder, "link"));
  await mkdir(join(folder, "folder"));
  await symlink(join(folder, "folder"), join(folder, "link-to-folder"));
  expect(await namesOf()).toEqual(["link", "pipe"]);
  expect(await store.open("link")).toBeNull();
  await expect(store.open("pipe")).rejects.toThrow("pipe is a pipe, expected a file");
});

test("a pipe, a device or a folder is never replaced by an object, nor is what a link to one names", async () => {
  execFileSync("mkfifo", [join(folder, "pipe")]);
  await mkdir(join(folder, "folder"));
  await symlink(join(folder, "pipe"), join(folder, "link"));
  await symlink("/dev/null", join(folder, "device"));
  await using opened = await open(join(folder, "opened"), "w");
  await symlink(`/proc/${process.pid}/fd/${opened.fd}`, join(folder, "stdout"));
  const kinds = {
    ...{ pipe: "a pipe", link: "a pipe", folder: "a folder", device: "a device" },
    stdout: "what a process has open",
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const sentence = `cannot write ${join(folder, name)}: it is ${kind}, expected a file`;
    for (const writing of [
      () => store.write(name, body("x")),
      () => store.replace(name, Buffer.from("x"), null),
      () => store.compose(name, []),
    ]) {
      const error = await writing().catch((it: unknown) => it);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toHaveProperty("message", sentence);
    }
  }
  expect((await readdir(folder)).sort()).toEqual([...Object.keys(kinds), "opened"].sort());
  expect((await lstat(join(folder, "pipe"))).isFIFO()).toBe(true);
  for (const name of ["device", "stdout"]) {
    expect((await lstat(join(folder, name))).isSymbolicLink()).toBe(true);
  }
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
    throw new SourceDataError("the body broke", { hint: "run again" });
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
  const unfinished = await unfinishedIn();
  expect(unfinished).toEqual([
    expect.objectContaining({ name: left[0], bytes: 1_000_000n, of: "x", owner: "ended" }),
  ]);
  expect(await removeUnfinished(store, "y")).toEqual([]);
  expect(await removeUnfinished(store, "x")).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
});

const unfinishedIn = async () => {
  const found: UnfinishedObject[] = [];
  for await (const object of store.unfinished!()) found.push(object);
  return found;
};

test("what is being written is told from what nobody has touched for an hour", async () => {
  let name = "";
  const writing = (async function* () {
    yield Buffer.from("half");
    [{ name }] = (await unfinishedIn()) as [UnfinishedObject];
    expect(await removeUnfinished(store, "")).toEqual([]);
  })();
  await store.write("sub/x", writing);
  expect(name).toMatch(/^sub\/\.x\.\d+-.*\.partial$/);
  // Of another machine, of an earlier version, of a lock; and of nobody's, by a clock that was set back.
  const names = [
    name.replace(/-[0-9a-f]{8}-([0-9a-f]{8}\.partial)$/, "-00000000-$1"),
    ".x.01234567-89ab-cdef-0123-456789abcdef.partial",
    ".x.lock",
    ".x.lock.01234567-89ab-cdef-0123-456789abcdef.stale",
  ];
  for (const it of names) await writeFile(join(folder, it), "half");
  expect((await unfinishedIn()).map(({ of, owner }) => `${of} ${owner}`).sort()).toEqual(
    ["sub/x unknown", "x unknown", "x unknown", "x unknown"].sort(),
  );
  expect(await removeUnfinished(store, "")).toEqual([]);
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
  await utimes(join(folder, names[0]!), hours(-2), hours(-2));
  await utimes(join(folder, names[1]!), hours(2), hours(2));
  await utimes(join(folder, names[2]!), hours(-0.01), hours(-0.01));
  expect(await removeUnfinished(store, "")).toHaveLength(3);
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

test.each([
  ["a pipe that nobody writes to", "a pipe", (path: string) => void execFileSync("mkfifo", [path])],
  ["a device without an end", "a device", (path: string) => symlinkSync("/dev/zero", path)],
  [
    "a socket",
    "a socket",
    async (path: string) => {
      const server = createServer().listen(path);
      await once(server, "listening");
      server.unref();
    },
  ],
])("%s is refused at once", { tags: ["only-in-all"] }, async (_what, kind, make) => {
  await make(join(folder, "x"));
  for (const reading of [store.open("x"), store.read("x")]) {
    await expect(reading).rejects.toMatchObject({
      name: "ConfigError",
      message: `${join(folder, "x")} is ${kind}, expected a file`,
      hint: expect.stringContaining("into a file"),
    });
  }
  expect(await namesOf()).toEqual(["x"]);
});
