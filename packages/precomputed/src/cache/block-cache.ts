// The local cache of block files from remote sources: bounded, and verified again at every read.
//
// Files are written whole or not at all. They are not forced to the disk: after a power cut a file
// may be empty or truncated. Since every block is verified, such a file is found and fetched again.

import { mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { blockFileName } from "@forklift/chain";
import { errorCode, fileError, statIfThere } from "@forklift/system";
import { partialPath, removeAbandoned } from "../files/partial-files.ts";
import { readSlice } from "../files/scratch-file.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId, type BlockSource } from "../verify/block-source.ts";

/** The default: a year of canonical blocks at the size they had before they were full of proofs. */
export const CACHE_BYTES_MAX = 20_000_000_000;

export interface CacheOptions {
  readonly dir: string;
  /** Block files together; the least recently used go first. */
  readonly maxBytes: number;
}

/** Where a cache keeps the indexes of bundles, beside the blocks. */
export function indexDirectoryOf({ dir }: CacheOptions): string {
  return join(resolve(dir), "bundles");
}

export interface BlockCache extends BlockSource {
  keep(id: BlockId, bytes: Uint8Array): Promise<void>;
  /** After its file was found to be damaged. */
  discard(id: BlockId): Promise<void>;
}

/** What is left after room was made, so that not every new file has to make room. */
const KEPT_SHARE = 0.9;

/**
 * How much we may write, as a share of the bound, before we look at the folder again. Other
 * processes write there too: together they may exceed the bound by this much each.
 */
const UNSEEN_SHARE = 1 / 16;

interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

export function blockCache({ dir, maxBytes }: CacheOptions, network: string): BlockCache {
  const folder = join(dir, "blocks");
  const pathOf = (id: BlockId) => join(folder, blockFileName({ network, ...id }));
  /** Bytes of the folder when it was last looked at, and of what we wrote since; null: not yet. */
  let seen: number | null = null;
  let written = 0;
  /** Bytes that were given room and may not be in the folder yet. */
  let underWay = 0;
  /** One at a time; who needs room waits for the one under way. */
  let trimming: Promise<void> = Promise.resolve();

  async function makeRoom(bytes: number): Promise<void> {
    const isKnown = seen !== null && written + bytes <= maxBytes * UNSEEN_SHARE;
    if (!isKnown || seen! + written + bytes > maxBytes) {
      seen = await trim(folder, maxBytes, bytes + underWay);
      written = underWay;
    }
    written += bytes;
    underWay += bytes;
  }

  return {
    url: folder,
    isRemote: false,

    async find(id, headBytes = BLOCK_FILE_BYTES_MAX) {
      const path = pathOf(id);
      try {
        await using file = await open(path, "r");
        const { size } = await file.stat();
        // No file of ours, and not worth its memory.
        if (size > BLOCK_FILE_BYTES_MAX) return new Uint8Array();
        const now = new Date();
        await file.utimes(now, now);
        return await readSlice(file, { offset: 0, bytes: Math.min(size, headBytes) });
      } catch (error) {
        if (errorCode(error) === "ENOENT") return null;
        throw fileError(error, `read ${path}`);
      }
    },

    async keep(id, bytes) {
      if (bytes.byteLength > maxBytes) return;
      const path = pathOf(id);
      const temporary = partialPath(folder, "");
      try {
        await mkdir(folder, { recursive: true });
        const room = trimming.then(() => makeRoom(bytes.byteLength));
        trimming = room.catch(() => undefined);
        await room;
        try {
          await writeFile(temporary, bytes, { flag: "wx" });
          await rename(temporary, path);
        } finally {
          underWay -= bytes.byteLength;
        }
      } catch (error) {
        // Removed as far as it is there; that it could not be written is what counts.
        await rm(temporary, { force: true }).catch(() => undefined);
        throw fileError(error, `write ${path}`);
      }
    },

    async discard(id) {
      const path = pathOf(id);
      await rm(path, { force: true }).catch((error: unknown) => {
        throw fileError(error, `remove ${path}`);
      });
    },

    async [Symbol.asyncDispose]() {},
  };
}

/** Removes the least recently used until `room` more bytes fit; the bytes that are left. */
async function trim(folder: string, maxBytes: number, room: number): Promise<number> {
  await removeAbandoned(folder);
  const files = (await listFiles(folder)).sort((a, b) => a.usedMs - b.usedMs);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total + room <= maxBytes) return total;
  for (const { path, bytes } of files) {
    if (total + room <= maxBytes * KEPT_SHARE) break;
    // Another process may have removed it; it is gone either way.
    await rm(path, { force: true });
    total -= bytes;
  }
  return total;
}

async function listFiles(folder: string): Promise<CachedFile[]> {
  const files: CachedFile[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".json")) continue;
    const path = join(folder, name);
    const found = await statIfThere(path);
    if (found?.isFile() !== true) continue;
    files.push({ path, bytes: found.size, usedMs: found.mtimeMs });
  }
  return files;
}
