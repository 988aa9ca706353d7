// A bundle's index in a file of the cache, so that a later run need not read the bundle through.
//
// The file holds what reading needs beside the bundle: the windows of access points, or block files
// packed one by one. Then the directory (packed JSON lines), then where the directory lies, and a SHA-256
// of everything before it; of block files, which may be a hundred gigabytes, only of the directory, for
// each of them has its own checksum.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { errorCode, fileError } from "@forklift/system";
import { readSlice, type ScratchFile, type Slice } from "../files/scratch-file.ts";
import { BundleIndex } from "./bundle-index.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Changes whenever the bytes below are to be read otherwise. */
const FORMAT = 3;

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
  /** What lies before the directory. */
  readonly holds: "windows" | "block files";
}

export interface IndexOfBundle {
  readonly index: BundleIndex;
  /** Of the archive, as it is and unpacked. */
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** A bundle that changes gets its index under the same name. */
export function indexFileName({ url, network }: Pick<BundleIdentity, "url" | "network">): string {
  const digest = createHash("sha256").update(`${network}\0${url}`).digest("hex");
  return `bundle-${digest.slice(0, 32)}.index`;
}

/** After what the scratch holds already. */
export async function writeIndex(
  scratch: ScratchFile,
  identity: BundleIdentity,
  { index, ...sizes }: IndexOfBundle,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for (const text of directoryOf(index, { format: FORMAT, ...sizes, ...identity })) {
    pieces.push(await pack(text));
  }
  const directory = await scratch.append(Buffer.concat(pieces));
  const offset = Buffer.alloc(8);
  offset.writeDoubleLE(directory.offset);
  await scratch.append(offset);
  const hash = createHash("sha256");
  const end = directory.offset + directory.bytes + offset.length;
  const step = 1024 * 1024;
  for (let at = hashedFrom(identity, directory.offset); at < end; at += step) {
    hash.update(await scratch.read({ offset: at, bytes: Math.min(step, end - at) }));
  }
  await scratch.append(hash.digest());
}

function hashedFrom({ holds }: BundleIdentity, directoryOffset: number): number {
  return holds === "windows" ? 0 : directoryOffset;
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
  for (const { name, offset, bytes, packed } of index.members()) {
    const place = packed === null ? [] : [packed.offset, packed.bytes];
    lines.push(JSON.stringify([name, offset, bytes, ...place]));
    if (lines.length >= LINES_A_PIECE) {
      yield `${lines.join("\n")}\n`;
      lines = [];
    }
  }
  yield lines.join("\n");
}

type MemberRow = [
  name: string,
  offset: number,
  bytes: number,
  packed?: number,
  packedBytes?: number,
];
type PointRow = [bit: number, unpacked: number, window: number | null, bytes: number | null];

function isMemberRow(row: MemberRow | PointRow): row is MemberRow {
  return typeof row[0] === "string";
}

export interface LoadedIndex extends IndexOfBundle, AsyncDisposable {
  /** What lies before the directory. */
  readHeld(slice: Slice): Promise<Uint8Array>;
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
    readHeld: (slice) => readSlice(file, slice),
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
  const offset = tail.readDoubleLE(0);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size - TAIL_BYTES) return null;
  const hash = createHash("sha256");
  const hashed = { start: hashedFrom(identity, offset), end: size - DIGEST_BYTES - 1 };
  for await (const chunk of createReadStream(path, hashed)) {
    hash.update(chunk as Uint8Array);
  }
  if (!hash.digest().equals(tail.subarray(8))) return null;
  const directory = await readSlice(file, { offset, bytes: size - TAIL_BYTES - offset });
  const [head = "", ...lines] = `${await unpack(directory)}`.split("\n");
  const { format, bytes, unpackedBytes, ...written } = JSON.parse(head) as Record<string, unknown>;
  if (format !== FORMAT || JSON.stringify(written) !== JSON.stringify(identity)) return null;
  const index = new BundleIndex();
  for (const line of lines) {
    if (line === "") continue;
    const row = JSON.parse(line) as MemberRow | PointRow;
    if (isMemberRow(row)) {
      const [name, at, length, packedAt, packedBytes] = row;
      const member = index.addMember(name, { offset: at, bytes: length });
      if (packedAt !== undefined)
        index.setPacked(member, { offset: packedAt, bytes: packedBytes! });
    } else {
      const [bit, unpacked, at, packed] = row;
      const window = at === null ? null : { offset: at, bytes: packed! };
      index.addPoint({ bit, unpacked, window });
    }
  }
  return { index, bytes: bytes as number, unpackedBytes: unpackedBytes as number };
}
