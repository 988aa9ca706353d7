// A bundle that has been read through once: its blocks can be taken from it in any order.
//
// Nothing is unpacked to a file. A local archive stays the only copy of its blocks; of a compressed
// one we keep places from which it can be unpacked. The alternative, every block packed again into a
// scratch file, took as much disk as the bundle (50 GB for the one of devnet) and as long as reading
// it, at every run. A remote archive is kept as it came in a nameless scratch file: asked for by
// ranges it would travel twice, and some servers have no ranges.

import assert, { AssertionError } from "node:assert/strict";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import { ForkliftError, SourceDataError } from "@forklift/pipeline";
import { fileError, openObject, parseStoreUrl } from "@forklift/storage";
import { BundleIndex } from "./bundle-index.ts";
import { gzipReader } from "./gzip-reader.ts";
import { type IndexOfBundle, indexFileName, loadIndex, writeIndex } from "./index-file.ts";
import { CutArchiveError } from "./refusal.ts";
import { type RestartPoints, restartPoints } from "./restart-points.ts";
import { openNamedSpool, openSpool, readSlice, type Slice, type Spool } from "./spool.ts";
import { tarMembers } from "./tar-members.ts";

export interface BundleOptions {
  readonly url: string;
  /** The same for people. */
  readonly maskedUrl: string;
  readonly network: string;
  /** Takes a remote bundle as it is. */
  readonly scratchDirectory: string;
  /** Keeps the index of a local bundle for the next run; null: nowhere. */
  readonly indexDirectory: string | null;
  readonly isCompressed: boolean;
}

export interface Shelf extends AsyncDisposable {
  /** Where the member lies in the unpacked archive. */
  find(name: string): Slice | null;
  read(slice: Slice): Promise<Uint8Array>;
}

/** One read of the pass over the file. Large, since the pass goes from front to back. */
const READ_CHUNK_BYTES = 1024 * 1024;

/** Nearly twice as fast as zlib's default of 16 KiB. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

/** What a shelf keeps open, closed together. */
type Opened = AsyncDisposable[];

export async function openShelf(options: BundleOptions): Promise<Shelf> {
  const opened: Opened = [];
  const close = async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  };
  const isLocal = parseStoreUrl(options.url).protocol === "file:";
  try {
    const shelf = await (isLocal ? localShelf(options, opened) : remoteShelf(options, opened));
    return { ...shelf, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

type BareShelf = Omit<Shelf, keyof AsyncDisposable>;

async function localShelf(options: BundleOptions, opened: Opened): Promise<BareShelf> {
  const { url, network, indexDirectory } = options;
  const path = fileURLToPath(parseStoreUrl(url));
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, `read ${path}`);
  });
  opened.push(file);
  const { size, mtimeMs } = await file.stat();
  const archive: Archive = { bytes: size, read: (slice) => readSlice(file, slice) };
  if (indexDirectory === null) {
    const windows = options.isCompressed ? await openSpool(options.scratchDirectory) : null;
    if (windows !== null) opened.push(windows);
    const found = await indexBundle(chunksOf(file, path), windows, options);
    return shelfOf(options, archive, withWindows(found, windows));
  }
  const identity = { path, bytes: size, modifiedMs: mtimeMs, network };
  const known = await loadIndex(indexDirectory, identity);
  if (known !== null) {
    opened.push(known);
    return shelfOf(options, archive, known);
  }
  const windows = await openNamedSpool(indexDirectory, indexFileName(identity));
  opened.push(windows);
  const found = await indexBundle(chunksOf(file, path), windows, options);
  await writeIndex(windows, identity, found);
  await windows.publish();
  return shelfOf(options, archive, withWindows(found, windows));
}

async function remoteShelf(options: BundleOptions, opened: Opened): Promise<BareShelf> {
  const { stream } = await openObject(options.url);
  const copy = await openSpool(options.scratchDirectory);
  opened.push(copy);
  const windows = options.isCompressed ? await openSpool(options.scratchDirectory) : null;
  if (windows !== null) opened.push(windows);
  let bytes = 0;
  const kept = eachTold(stream, async (chunk) => {
    await copy.append(chunk);
    bytes += chunk.byteLength;
  });
  const found = await indexBundle(kept, windows, options);
  const archive: Archive = { bytes, read: (slice) => copy.read(slice) };
  return shelfOf(options, archive, withWindows(found, windows));
}

/** The file of the bundle. */
interface Archive {
  readonly bytes: number;
  read(slice: Slice): Promise<Uint8Array>;
}

interface OpenIndex extends IndexOfBundle {
  readWindow(slice: Slice): Promise<Uint8Array>;
}

function withWindows(found: IndexOfBundle, windows: Spool | null): OpenIndex {
  return {
    ...found,
    readWindow: (slice) => asSpool(windows).read(slice),
  };
}

/** There is one wherever the archive is packed. */
function asSpool(windows: Spool | null): Spool {
  assert(windows !== null, "an archive that is not packed has windows");
  return windows;
}

function shelfOf(
  { isCompressed, maskedUrl }: BundleOptions,
  archive: Archive,
  { index, unpackedBytes, readWindow }: OpenIndex,
): BareShelf {
  const find = (name: string) => index.find(name);
  if (!isCompressed) return { find, read: archive.read };
  const file = { ...archive, unpackedBytes, readWindow, url: maskedUrl };
  return { find, read: gzipReader(index, file) };
}

/** @throws SourceDataError with the position when the archive is cut off or damaged. */
async function indexBundle(
  archive: AsyncIterable<Uint8Array>,
  windows: Spool | null,
  { maskedUrl, network, isCompressed }: BundleOptions,
): Promise<IndexOfBundle> {
  const index = new BundleIndex();
  let packedBytes = 0;
  let unpackedBytes = 0;
  const file = eachTold(archive, (chunk) => {
    packedBytes += chunk.byteLength;
  });
  const points = isCompressed ? restartPoints(index, asSpool(windows), maskedUrl) : null;
  const unpacked = eachTold(points === null ? file : gunzipped(file, points), (chunk) => {
    unpackedBytes += chunk.byteLength;
    return points?.unpacked(chunk);
  });
  try {
    for await (const { name, ...slice } of tarMembers(unpacked, network)) {
      index.addMember(name, slice);
    }
    await points?.unpackedEnd();
  } catch (error) {
    throw archiveError(error, maskedUrl, packedBytes);
  }
  return { index, unpackedBytes };
}

async function* gunzipped(
  archive: AsyncIterable<Uint8Array>,
  points: RestartPoints,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  async function* packed() {
    for await (const chunk of archive) yield points.packed(chunk);
    yield points.packedEnd();
  }
  // A failing input destroys the stream with its error, which the next line then throws.
  pipeline(packed(), stream, () => {});
  yield* stream;
}

async function* eachTold(
  chunks: AsyncIterable<Uint8Array>,
  tell: (chunk: Uint8Array) => Promise<void> | undefined | void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await tell(chunk);
    yield chunk;
  }
}

async function* chunksOf(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    // Not from Node's pool: each chunk needs memory of its own.
    const buffer = Buffer.allocUnsafeSlow(READ_CHUNK_BYTES);
    const { bytesRead } = await file
      .read(buffer, 0, buffer.byteLength, at)
      .catch((error: unknown) => {
        throw fileError(error, `read ${path}`);
      });
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Errors of storage say all there is to say; the others come from gunzip and the tar decoder. */
function archiveError(error: unknown, url: string, bytesRead: number): unknown {
  const isOurs = error instanceof ForkliftError || error instanceof AssertionError;
  if (isOurs || !(error instanceof Error)) return error;
  const isCut = /truncated|unexpected end/.test(error.message);
  const Kind = isCut ? CutArchiveError : SourceDataError;
  return new Kind(
    `${url} is ${isCut ? "cut off" : "damaged"} at byte ${bytesRead}: ${error.message}`,
    { cause: error, hint: "fetch the archive again and compare its size and checksum" },
  );
}
