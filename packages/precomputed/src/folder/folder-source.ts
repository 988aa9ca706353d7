// The block source over single files in a local folder, on a web server or in a bucket.

import { setTimeout as delay } from "node:timers/promises";
import {
  openStore,
  parseStoreUrl,
  readAll,
  readFirst,
  type Store,
  TruncatedError,
} from "@forklift/storage";
import { blockFileNames } from "../files/block-file-forms.ts";
import { unpackBlockFile, unpackHead } from "../files/unpack-block-file.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId, type BlockSource } from "../verify/block-source.ts";
import { FolderListing } from "./folder-listing.ts";
import { FormGuess } from "./form-guess.ts";

/**
 * Pauses before a file that came truncated is fetched from its beginning again. What storage
 * continues by itself was continued in vain by then: most often the server cannot send a part.
 */
const PAUSES_AFTER_CUT_MS = [100, 400];

export function folderSource(url: string, network: string): BlockSource {
  const store = openStore(url);
  const isRemote = parseStoreUrl(url).protocol !== "file:";
  let retries = 0;

  async function readHead(name: string, headBytes: number): Promise<Uint8Array | null> {
    const body = await store.openHead(name, headBytes);
    return body === null ? null : await unpackHead(await readFirst(body, headBytes), name);
  }

  async function readWhole(name: string, cuts = 0): Promise<Uint8Array | null> {
    let bytes: Uint8Array;
    try {
      const body = await (store.openEncoded?.(name) ?? store.open(name));
      if (body === null) return null;
      bytes = await readAll(body, BLOCK_FILE_BYTES_MAX, name);
    } catch (error) {
      const pauseMs = PAUSES_AFTER_CUT_MS[cuts];
      if (!(error instanceof TruncatedError) || pauseMs === undefined) throw error;
      await delay(pauseMs);
      retries++;
      return await readWhole(name, cuts + 1);
    }
    return await unpackBlockFile(bytes, name);
  }

  const read: Read = (name, headBytes) =>
    headBytes === undefined ? readWhole(name) : readHead(name, headBytes);
  return {
    url: store.url,
    isRemote,
    ...(isRemote ? askedByName(store, network, read) : listed(store, network, read)),
    ...(store.isListable && { list: () => filesOf(store) }),
    retries: () => retries + store.retries(),
    async [Symbol.asyncDispose]() {},
  };
}

async function* filesOf(store: Store) {
  for await (const { name, bytes } of store.list()) yield { name, bytes: Number(bytes) };
}

type Read = (name: string, headBytes?: number) => Promise<Uint8Array | null>;
type Finder = Required<Pick<BlockSource, "find" | "others">>;

/** A local folder: one listing shows its files, whatever they are called. */
function listed(store: Store, network: string, read: Read): Finder {
  const listing = new FolderListing(store, network);
  const usual = (id: BlockId) => blockFileNames(network, id)[0]!;
  return {
    async find(id, headBytes) {
      const ordinary = await read(usual(id), headBytes);
      if (ordinary !== null) return ordinary;
      const [first] = await listing.namesOf(id);
      return first === undefined ? null : await read(first, headBytes);
    },
    async *others(id, hadFile) {
      const names = await listing.namesOf(id);
      yield* readEach(hadFile ? names.slice(1) : names, read);
    },
  };
}

/** A remote folder: requested are the names that answered before, then all the others. */
function askedByName(store: Store, network: string, read: Read): Finder {
  const guess = new FormGuess(store, network);
  async function* tried(
    id: BlockId,
    names: Iterable<string> | AsyncIterable<string>,
    headBytes?: number,
  ): AsyncGenerator<Uint8Array> {
    for await (const name of names) {
      const bytes = await read(name, headBytes);
      if (bytes === null) continue;
      guess.answered(id, name);
      yield bytes;
    }
  }
  return {
    async find(id, headBytes) {
      const usual = await firstOf(tried(id, guess.usualNames(id), headBytes));
      return usual ?? (await firstOf(tried(id, guess.likelyNames(id), headBytes)));
    },
    // A server that gave a file which was not the block may give one for any name.
    async *others(id, hadFile) {
      if (!hadFile) yield* tried(id, guess.otherNames(id));
    },
  };
}

async function* readEach(names: readonly string[], read: Read): AsyncGenerator<Uint8Array> {
  for (const name of names) {
    const bytes = await read(name);
    if (bytes !== null) yield bytes;
  }
}

async function firstOf(files: AsyncGenerator<Uint8Array>): Promise<Uint8Array | null> {
  for await (const bytes of files) return bytes;
  return null;
}
