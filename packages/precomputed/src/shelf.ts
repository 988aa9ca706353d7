// A bundle that has been read through once: its blocks can be taken from it in any order.
//
// Nothing is unpacked to a file. An archive stays the only copy of its blocks; of a compressed one we
// keep places from which it can be unpacked. The alternative, every block packed again into a scratch
// file, took as much disk as the bundle (50 GB for the one of devnet) and as long as reading it, at
// every run. With a cache the index outlives the run: then even a remote bundle travels again only
// when a block is wanted that it has.

import assert, { AssertionError } from "node:assert/strict";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { type BundleFile, openBundleFile } from "./bundle-file.ts";
import { BundleIndex } from "./bundle-index.ts";
import { gzipReader } from "./gzip-reader.ts";
import {
  type BundleIdentity,
  type IndexOfBundle,
  indexFileName,
  loadIndex,
  writeIndex,
} from "./index-file.ts";
import { CutArchiveError } from "./refusal.ts";
import { type RestartPoints, restartPoints } from "./restart-points.ts";
import { openNamedSpool, openSpool, type Slice, type Spool } from "./spool.ts";
import { tarMembers } from "./tar-members.ts";

export interface BundleOptions {
  readonly url: string;
  /** The same for people. */
  readonly maskedUrl: string;
  readonly network: string;
  /** Takes a remote bundle as it is. */
  readonly scratchDirectory: string;
  /** Keeps the index for the next run; null: nowhere. */
  readonly indexDirectory: string | null;
  readonly isCompressed: boolean;
}

export interface Shelf extends AsyncDisposable {
  /** Where the member lies in the unpacked archive. */
  find(name: string): Slice | null;
  members(): Iterable<{ readonly name: string } & Slice>;
  read(slice: Slice): Promise<Uint8Array>;
}

/** Nearly twice as fast as zlib's default of 16 KiB. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

/** What a shelf keeps open, closed together. */
type Opened = AsyncDisposable[];

export async function openShelf(options: BundleOptions): Promise<Shelf> {
  const opened: Opened = [];
  const close = async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  };
  try {
    return { ...(await findOrMakeIndex(options, opened)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

type BareShelf = Omit<Shelf, keyof AsyncDisposable>;

async function findOrMakeIndex(options: BundleOptions, opened: Opened): Promise<BareShelf> {
  const { url, maskedUrl, network, scratchDirectory, indexDirectory } = options;
  const file = await openBundleFile(url, scratchDirectory);
  opened.push(file);
  if (indexDirectory === null || file.version === null) {
    const windows = options.isCompressed ? await openSpool(scratchDirectory) : null;
    if (windows !== null) opened.push(windows);
    return shelfOf(options, file, withWindows(await indexBundle(file, windows, options), windows));
  }
  const identity = { url: maskedUrl, version: file.version, network };
  const known = await loadIndex(indexDirectory, identity);
  if (known !== null) {
    await opened.pop()?.[Symbol.asyncDispose]();
    opened.push(known);
    return shelfOf(options, openedLater(options, identity, opened), known);
  }
  const openIndexFile = async () => {
    const spool = await openNamedSpool(indexDirectory, indexFileName(identity));
    opened.push(spool);
    return spool;
  };
  const windows = options.isCompressed ? await openIndexFile() : null;
  const found = await indexBundle(file, windows, options);
  // Without windows nothing is written during the pass, which may take hours.
  const indexFile = windows ?? (await openIndexFile());
  await writeIndex(indexFile, identity, found);
  await indexFile.publish();
  return shelfOf(options, file, withWindows(found, windows));
}

type Readable = Pick<BundleFile, "read">;

/** The file whose index is known already, opened when the first block is taken from it. */
function openedLater(
  { url, scratchDirectory }: BundleOptions,
  identity: BundleIdentity,
  opened: Opened,
): Readable {
  let whole: Promise<Readable> | undefined;
  const openWhole = async () => {
    const file = await openBundleFile(url, scratchDirectory);
    opened.push(file);
    try {
      if (file.version !== identity.version) {
        throw new TryAgainError(
          `${identity.url} was ${identity.version} when this run began, and is ${file.version} now`,
          { hint: "run again, and it is indexed anew" },
        );
      }
      await file.makeReadable();
      return file;
    } catch (error) {
      // The next attempt opens another, and there may be one for every block.
      const at = opened.indexOf(file);
      if (at !== -1) opened.splice(at, 1);
      await file[Symbol.asyncDispose]();
      throw error;
    }
  };
  return {
    async read(slice) {
      whole ??= openWhole().catch((error: unknown) => {
        // What broke off on its way may come whole the next time.
        whole = undefined;
        throw error;
      });
      return (await whole).read(slice);
    },
  };
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
  file: Readable,
  { index, ...sizes }: OpenIndex,
): BareShelf {
  const find = (name: string) => index.find(name);
  const members = () => index.members();
  const read = (slice: Slice) => file.read(slice);
  if (!isCompressed) return { find, members, read };
  return { find, members, read: gzipReader(index, { ...sizes, read, url: maskedUrl }) };
}

/** @throws SourceDataError with the position when the archive is cut off or damaged. */
async function indexBundle(
  file: BundleFile,
  windows: Spool | null,
  { maskedUrl, network, isCompressed }: BundleOptions,
): Promise<IndexOfBundle> {
  const index = new BundleIndex();
  let bytes = 0;
  let unpackedBytes = 0;
  const archive = eachTold(file.chunks(), (chunk) => {
    bytes += chunk.byteLength;
  });
  const points = isCompressed ? restartPoints(index, asSpool(windows), maskedUrl) : null;
  const unpacked = eachTold(points === null ? archive : gunzipped(archive, points), (chunk) => {
    unpackedBytes += chunk.byteLength;
    return points?.unpacked(chunk);
  });
  try {
    for await (const { name, ...slice } of tarMembers(unpacked, network)) {
      index.addMember(name, slice);
    }
    await points?.unpackedEnd();
  } catch (error) {
    throw archiveError(error, maskedUrl, bytes);
  }
  return { index, bytes, unpackedBytes };
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
