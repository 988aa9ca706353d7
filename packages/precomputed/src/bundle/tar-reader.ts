// Reads single block files from an indexed tar bundle, in any order.
//
// Nothing is unpacked to a file. An archive stays the only copy of its blocks; of a compressed one
// we keep access points, from which it can be unpacked. The alternative, every block packed again
// into a scratch file, takes as much disk as the bundle (50 GB for the one of devnet) and more time
// than reading it. It is done for a zstd archive without access points; see `zstd-pass.ts`. With a
// cache the index outlives the run, and with it whatever was packed: then a remote bundle is
// downloaded again only for a block that it has and the index has not.

import assert from "node:assert/strict";
import { TryAgainError } from "@forklift/pipeline";
import {
  type NamedScratchFile,
  openNamedSpool,
  openScratchFile,
  type ScratchFile,
  type Slice,
} from "../files/scratch-file.ts";
import { type BundleFile, openBundleFile } from "./bundle-file.ts";
import type { Member } from "./bundle-index.ts";
import type { BundlePacking } from "./bundle-packing.ts";
import { gzipReader } from "./gzip-reader.ts";
import { indexBundle } from "./index-bundle.ts";
import {
  type BundleIdentity,
  type IndexOfBundle,
  indexFileName,
  loadIndex,
  writeIndex,
} from "./index-file.ts";
import { readKept } from "./member-store.ts";
import { zstdReader } from "./zstd-reader.ts";

export interface BundleOptions {
  readonly url: string;
  /** The same for people. */
  readonly maskedUrl: string;
  readonly network: string;
  /** Takes a remote bundle as it is. */
  readonly scratchDirectory: string;
  /** Keeps the index for the next run, and what is packed anew; null: nowhere. */
  readonly indexDirectory: string | null;
  readonly packing: BundlePacking;
  /** Whether its files are only listed; none can be read from the reader then. */
  readonly isOnlyListed?: boolean;
}

export interface TarReader extends AsyncDisposable {
  /** Where the member lies in the unpacked archive. */
  find(name: string): Member | null;
  members(): Iterable<{ readonly name: string } & Slice>;
  read(member: Member): Promise<Uint8Array>;
}

/** What a reader keeps open, closed together. */
type Opened = AsyncDisposable[];

export async function openTarReader(options: BundleOptions): Promise<TarReader> {
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

type BareShelf = Omit<TarReader, keyof AsyncDisposable>;

async function findOrMakeIndex(options: BundleOptions, opened: Opened): Promise<BareShelf> {
  const { url, scratchDirectory, indexDirectory } = options;
  const file = await openBundleFile(url, scratchDirectory);
  opened.push(file);
  if (indexDirectory === null || file.version === null) {
    let scratch: ScratchFile | null = null;
    const openScratch = async () => {
      scratch = await openScratchFile(scratchDirectory);
      opened.push(scratch);
      return scratch;
    };
    const found = await indexBundle(file, { ...options, openScratchFile: openScratch });
    return shelfOf(options, file, withSpool(found, scratch));
  }
  const identity = bundleIdentity(options, file.version);
  const known = await loadIndex(indexDirectory, identity);
  if (known !== null) {
    await opened.pop()?.[Symbol.asyncDispose]();
    opened.push(known);
    return shelfOf(options, openedLater(options, identity, opened), known);
  }
  let indexFile: NamedScratchFile | null = null;
  const openIndexFile = async () => {
    indexFile = await openNamedSpool(indexDirectory, indexFileName(identity));
    opened.push(indexFile);
    return indexFile;
  };
  const found = await indexBundle(file, { ...options, openScratchFile: openIndexFile });
  // Of a plain archive nothing is written during the pass, which may take hours.
  const written = indexFile ?? (await openIndexFile());
  await writeIndex(written, identity, found);
  await written.publish();
  return shelfOf(options, file, withSpool(found, written));
}

export function bundleIdentity(
  { maskedUrl, network, packing }: Pick<BundleOptions, "maskedUrl" | "network" | "packing">,
  version: string,
): BundleIdentity {
  const holds = packing === "zstd" ? "block files" : "windows";
  return { url: maskedUrl, version, network, holds };
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
        // A truncated download may be complete the next time.
        whole = undefined;
        throw error;
      });
      return (await whole).read(slice);
    },
  };
}

interface OpenIndex extends IndexOfBundle {
  readHeld(slice: Slice): Promise<Uint8Array>;
}

function withSpool(found: IndexOfBundle, scratch: ScratchFile | null): OpenIndex {
  return {
    ...found,
    readHeld: (slice) => asSpool(scratch).read(slice),
  };
}

/** There is one wherever the archive is packed. */
function asSpool(scratch: ScratchFile | null): ScratchFile {
  assert(scratch !== null, "an archive that is not packed needs something beside it");
  return scratch;
}

const READERS = { gzip: gzipReader, zstd: zstdReader };

function shelfOf(
  { packing, maskedUrl }: BundleOptions,
  file: Readable,
  { index, readHeld, ...packed }: OpenIndex,
): BareShelf {
  const find = (name: string) => index.find(name);
  const members = () => index.members();
  const read = (slice: Slice) => file.read(slice);
  if (packing === "none") return { find, members, read };
  const readInPlace = READERS[packing](index, {
    ...packed,
    read,
    url: maskedUrl,
    readWindow: readHeld,
  });
  return {
    find,
    members,
    read: ({ packed: kept, ...slice }) =>
      kept === null
        ? readInPlace(slice)
        : readKept({ ...slice, packed: kept }, readHeld, maskedUrl),
  };
}
