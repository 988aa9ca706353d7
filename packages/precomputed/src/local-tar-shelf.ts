// The blocks of an uncompressed local bundle: they stay where they are, only offsets are kept.

import assert from "node:assert/strict";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fileError, parseStoreUrl } from "@forklift/storage";
import { BlockIndex } from "./block-index.ts";
import type { BundleOptions, Shelf } from "./shelf.ts";
import { readSlice } from "./spool.ts";
import { tarMembers } from "./tar-members.ts";

/** One read of the pass over the file. Large, since the pass goes from front to back. */
const READ_CHUNK_BYTES = 1024 * 1024;

export async function localTarShelf(options: BundleOptions): Promise<Shelf> {
  const path = fileURLToPath(parseStoreUrl(options.url));
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, `read ${path}`);
  });
  try {
    return {
      index: await indexTar(file, options),
      read: (slice) => readSlice(file, slice),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw fileError(error, `read ${path}`);
  }
}

/**
 * The tar decoder does not tell where in the file a member lies, but it copies nothing: what it hands
 * out are views of the chunks that it was given. So the start of each chunk is remembered with the
 * chunk's memory, for as long as that memory lives.
 */
async function indexTar(file: FileHandle, { maskedUrl, network }: BundleOptions) {
  const index = new BlockIndex();
  const starts = new WeakMap<ArrayBufferLike, number>();
  const members = tarMembers(chunksOf(file, starts), {
    url: maskedUrl,
    network,
    isCompressed: false,
  });
  for await (const { name, bytes, body } of members) {
    if (bytes === 0) index.add(name, { offset: 0, bytes });
    for await (const first of body) {
      const start = starts.get(first.buffer);
      assert(start !== undefined, "the tar decoder handed out a copy instead of a view");
      index.add(name, { offset: start + first.byteOffset, bytes });
      break;
    }
  }
  return index;
}

async function* chunksOf(
  file: FileHandle,
  starts: WeakMap<ArrayBufferLike, number>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    // Not from Node's pool: each chunk needs memory of its own.
    const buffer = Buffer.allocUnsafeSlow(READ_CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
    if (bytesRead === 0) return;
    starts.set(buffer.buffer, at);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
