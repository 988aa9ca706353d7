// A bundle's index in a file of the cache, so that a later run need not read the bundle through.
//
// The file holds the windows of the restart points, then the directory (packed JSON lines), then
// where the directory lies and a SHA-256 of everything before it.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { errorCode, fileError } from "@forklift/pipeline";
import { BundleIndex } from "./bundle-index.ts";
import { readSlice, type Slice, type Spool } from "./spool.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Changes whenever the bytes below are to be read otherwise. */
const FORMAT = 2;

const DIGEST_BYTES = 32;
const TAIL_BYTES = 8 + DIGEST_BYTES;

/** One directory line per member: packed piece by piece, a line's text is never in memory twice. */
const LINES_A_PIECE = 10_000;

/** Another file, or the same one written again, is another bundle. */
export interface BundleIdentity {
  /** Without secrets: it is written down. */
  readonly url: string;
  readonly version: string;
  readonly network: string;
}

export interface IndexOfBundle {
  readonly index: BundleIndex;
  /** Of the archive, as it is and unpacked. */
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** A bundle that changes gets its index under the same name. */
export function indexFileName({ url, network }: Omit<BundleIdentity, "version">): string {
  const digest = createHash("sha256").update(`${network}\0${url}`).digest("hex");
  return `bundle-${digest.slice(0, 32)}.index`;
}

/** After the windows, which the spool holds already. */
export async function writeIndex(
  spool: Spool,
  identity: BundleIdentity,
  { index, ...sizes }: IndexOfBundle,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for (const text of directoryOf(index, { format: FORMAT, ...sizes, ...identity })) {
    pieces.push(await pack(text));
  }
  const directory = await spool.append(Buffer.concat(pieces));
  const offset = Buffer.alloc(8);
  offset.writeDoubleLE(directory.offset);
  await spool.append(offset);
  const hash = createHash("sha256");
  const end = directory.offset + directory.bytes + offset.length;
  const step = 1024 * 1024;
  for (let at = 0; at < end; at += step) {
    hash.update(await spool.read({ offset: at, bytes: Math.min(step, end - at) }));
  }
  await spool.append(hash.digest());
}

function* directoryOf(index: BundleIndex, head: object): Generator<string> {
  let lines = [JSON.stringify(head)];
  for (let number = 0; number < index.pointCount; number++) {
    const { bit, unpacked, window } = index.point(number);
    lines.push(JSON.stringify([bit, unpacked, window?.offset ?? null, window?.bytes ?? null]));
    if (lines.length >= LINES_A_PIECE) {
      yield `${lines.join("\n")}\n`;
      lines = [];
    }
  }
  for (const { name, offset, bytes } of index.members()) {
    lines.push(JSON.stringify([name, offset, bytes]));
    if (lines.length >= LINES_A_PIECE) {
      yield `${lines.join("\n")}\n`;
      lines = [];
    }
  }
  yield lines.join("\n");
}

export interface LoadedIndex extends IndexOfBundle, AsyncDisposable {
  readWindow(slice: Slice): Promise<Uint8Array>;
}

/** Null when there is none of this very bundle, or a damaged one: then it is made again. */
export async function loadIndex(
  folder: string,
  identity: BundleIdentity,
): Promise<LoadedIndex | null> {
  const path = join(folder, indexFileName(identity));
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `read ${path}`);
  }
  const found = await readIndex(file, path, identity).catch(() => null);
  if (found === null) {
    await file.close();
    return null;
  }
  return {
    ...found,
    readWindow: (slice) => readSlice(file, slice),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function readIndex(
  file: FileHandle,
  path: string,
  identity: BundleIdentity,
): Promise<IndexOfBundle | null> {
  const { size } = await file.stat();
  const tail = await readSlice(file, { offset: size - TAIL_BYTES, bytes: TAIL_BYTES });
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { end: size - DIGEST_BYTES - 1 })) {
    hash.update(chunk as Uint8Array);
  }
  if (!hash.digest().equals(tail.subarray(8))) return null;
  const offset = tail.readDoubleLE(0);
  const directory = await readSlice(file, { offset, bytes: size - TAIL_BYTES - offset });
  const [head = "", ...lines] = `${await unpack(directory)}`.split("\n");
  const { format, bytes, unpackedBytes, ...written } = JSON.parse(head) as Record<string, unknown>;
  if (format !== FORMAT || JSON.stringify(written) !== JSON.stringify(identity)) return null;
  const index = new BundleIndex();
  for (const line of lines) {
    if (line === "") continue;
    const row = JSON.parse(line) as [string | number, number, number | null, number | null];
    if (typeof row[0] === "string") {
      index.addMember(row[0], { offset: row[1], bytes: row[2]! });
    } else {
      const [bit, unpacked, at, packed] = row;
      const window = at === null ? null : { offset: at, bytes: packed! };
      index.addPoint({ bit, unpacked, window });
    }
  }
  return { index, bytes: bytes as number, unpackedBytes: unpackedBytes as number };
}
