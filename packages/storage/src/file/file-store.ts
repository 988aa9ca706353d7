// Objects as files below a local folder.

import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  type Dirent,
  fstatSync,
  open as openByCallback,
  read as readByCallback,
} from "node:fs";
import {
  mkdir,
  open as openFile,
  readFile as readBytes,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TryAgainError } from "@forklift/pipeline";
import {
  ageOf,
  errorCode,
  fileError,
  IS_A_SOCKET,
  noPlainFile,
  OPEN_AT_ONCE,
  requirePlainFile,
  requireWritableName,
} from "@forklift/system";
import { digestStream } from "../digest-stream.ts";
import { checkObjectName } from "../object-name.ts";
import { readAll } from "../read-all.ts";
import {
  type ByteRange,
  type ObjectBody,
  type Store,
  type StoredObject,
  type UnfinishedObject,
  VERSIONED_BYTES_MAX,
  type Version,
} from "../store.ts";
import { storeText } from "../store-url.ts";
import { lockFile, STALE_MS } from "./file-lock.ts";
import { parseTemporaryName, partialPath } from "./temporary-files.ts";

/** Large enough that a dump is not read in crumbs, small enough for many readers at once. */
const READ_CHUNK_BYTES = 256 * 1024;

/** A file that nobody has written to for as long belongs to a writer that died. */
const ABANDONED_MS = 60 * 60 * 1000;

const openDescriptor = promisify(openByCallback);
const readDescriptor = promisify(readByCallback);

export function fileStore(url: URL): Store {
  const folder = fileURLToPath(url);
  const pathOf = (name: string) => join(folder, checkObjectName(name));

  async function open(name: string, range?: ByteRange): Promise<ObjectBody | null> {
    const path = pathOf(name);
    const file = await openToRead(path);
    if (file === null) return null;
    const bytes = range === undefined ? file.bytes : range.end - range.start;
    return { bytes, stream: readFile(path, { ...file, bytes }, range) };
  }

  async function openHead(name: string, headBytes: number): Promise<ObjectBody | null> {
    const path = pathOf(name);
    const file = await openToRead(path);
    if (file === null) return null;
    const bytes = file.bytes < BigInt(headBytes) ? file.bytes : BigInt(headBytes);
    return { bytes, stream: readFile(path, { ...file, bytes }, { start: 0n, end: bytes }) };
  }

  return {
    url: storeText(url),
    isListable: true,
    list: (prefix = "") => listFiles(folder, "", prefix),
    unfinished: (prefix = "") => listUnfinished(folder, "", prefix),

    open,
    openHead,

    async read(name) {
      const body = await open(name);
      if (body === null) return null;
      const content = await readAll(body, VERSIONED_BYTES_MAX, pathOf(name));
      return { version: versionOf(content), content };
    },

    async replace(name, content, expected) {
      const path = pathOf(name);
      try {
        await requireWritableName(path);
        await mkdir(dirname(path), { recursive: true });
        await using lock = await lockFile(path);
        const found = await readIfThere(path);
        if ((found === null ? null : versionOf(found)) !== expected) return false;
        await lock.confirm();
        if (content === null) await rm(path, { force: true });
        else await writeWhole(path, once(content));
        return true;
      } catch (error) {
        throw fileError(error, `replace ${path}`);
      }
    },

    async compose(name, parts) {
      const path = pathOf(name);
      try {
        await writeWhole(path, joined(parts.map(pathOf)));
        return { name, bytes: (await statFile(path))!.size };
      } catch (error) {
        throw fileError(error, `compose ${path}`);
      }
    },

    async write(name, body) {
      const path = pathOf(name);
      const { stream, digest } = digestStream(body);
      try {
        await writeWhole(path, stream);
      } catch (error) {
        throw fileError(error, `write ${path}`);
      }
      return { name, ...digest() };
    },

    async remove(name) {
      const path = pathOf(name);
      try {
        await rm(path, { force: true });
      } catch (error) {
        throw fileError(error, `remove ${path}`);
      }
    },

    retries: () => 0,
  };
}

/**
 * The bytes reach the disk under a name that nobody reads, then the name changes, then the folder
 * that records the name reaches the disk. A crash at any point leaves the old file or the new one.
 */
async function writeWhole(path: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  await requireWritableName(path);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = partialPath(path);
  try {
    await using file = await openFile(temporary, "wx");
    await writeFile(file, stream);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await using entries = await openFile(folder, "r");
  await entries.sync();
}

interface OpenFile {
  readonly descriptor: number;
  readonly bytes: bigint;
}

/**
 * Precomputed blocks are many small files, so only what may wait for a disk goes to another thread:
 * finding a file, and reading it. For an open file the system reports its size at once.
 */
async function openToRead(path: string): Promise<OpenFile | null> {
  let descriptor: number;
  try {
    descriptor = await openDescriptor(path, OPEN_AT_ONCE);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    if (errorCode(error) === IS_A_SOCKET) throw noPlainFile(path, "a socket");
    throw fileError(error, `open ${path}`);
  }
  const found = fstatSync(descriptor, { bigint: true });
  if (found.isFile()) return { descriptor, bytes: found.size };
  closeSync(descriptor);
  // A store holds a folder by no name.
  if (!found.isDirectory()) requirePlainFile(found, path);
  return null;
}

/** Without a range to the end, wherever that is by now: a file that grows is noticed. */
async function* readFile(
  path: string,
  { descriptor, bytes }: OpenFile,
  range?: ByteRange,
): AsyncGenerator<Uint8Array> {
  const start = range?.start ?? 0n;
  // One byte more than there should be: a read that leaves it out has come to the end.
  const wanted = range === undefined ? bytes + 1n : bytes;
  let read = 0n;
  try {
    while (read < wanted) {
      const room = Buffer.allocUnsafe(Math.min(READ_CHUNK_BYTES, Number(wanted - read)));
      const at = Number(start + read);
      const { bytesRead } = await readDescriptor(descriptor, room, 0, room.length, at);
      if (bytesRead === 0) break;
      read += BigInt(bytesRead);
      yield room.subarray(0, bytesRead);
      if (read === bytes && bytesRead < room.length) break;
    }
  } catch (error) {
    throw fileError(error, `read ${path}`);
  } finally {
    closeSync(descriptor);
  }
  if (read !== bytes) {
    const found = read > bytes ? "more" : String(read);
    throw new TryAgainError(`${path} changed while it was read: ${bytes} bytes, then ${found}`, {
      hint: "wait until whoever writes the file has ended, then run again",
    });
  }
}

async function* joined(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path) as AsyncIterable<Buffer>;
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readBytes(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Content that is compared and set names its writer and its time, so equal bytes are one write. */
function versionOf(content: Buffer): Version {
  return createHash("sha256").update(content).digest("hex");
}

async function* listFiles(
  folder: string,
  below: string,
  prefix: string,
): AsyncGenerator<StoredObject> {
  for (const entry of await readFolder(join(folder, below))) {
    const name = below + entry.name;
    if (entry.isDirectory()) {
      if (mayHold(`${name}/`, prefix)) yield* listFiles(folder, `${name}/`, prefix);
    } else if (name.startsWith(prefix) && parseTemporaryName(entry.name) === null) {
      // Null for a link to a folder, and for what somebody removed meanwhile.
      const found = await statFile(join(folder, name));
      if (found !== null) yield { name, bytes: found.size };
      else if (await isUnreadable(entry, join(folder, name))) yield { name, bytes: 0n };
    }
  }
}

/**
 * A pipe, a socket, a device, a link that leads nowhere: who opens it is told so, where without it in the
 * list the next best file would be taken without a word.
 */
async function isUnreadable(entry: Dirent, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found === null ? entry.isSymbolicLink() : !found.isDirectory();
}

/** Whether names with the prefix may lie in a folder, whose name ends with a slash. */
function mayHold(inside: string, prefix: string): boolean {
  return inside.startsWith(prefix) || prefix.startsWith(inside);
}

async function* listUnfinished(
  folder: string,
  below: string,
  prefix: string,
): AsyncGenerator<UnfinishedObject> {
  for (const entry of await readFolder(join(folder, below))) {
    const name = below + entry.name;
    if (entry.isDirectory()) {
      if (mayHold(`${name}/`, prefix)) yield* listUnfinished(folder, `${name}/`, prefix);
      continue;
    }
    const temporary = parseTemporaryName(entry.name);
    if (temporary === null || !(below + temporary.of).startsWith(prefix)) continue;
    const found = await statFile(join(folder, name));
    if (found === null) continue;
    yield {
      ...{ name, bytes: found.size, of: below + temporary.of, owner: temporary.owner },
      untouchedMs: ageOf(Number(found.mtimeMs)),
      abandonedAfterMs: temporary.kind === "partial" ? ABANDONED_MS : STALE_MS,
    };
  }
}

/** An empty prefix of a bucket and a folder that nobody made yet look the same: nothing in it. */
async function readFolder(path: string) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, `list ${path}`);
  }
}

async function statFile(path: string) {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile() ? found : null;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `open ${path}`);
  }
}
