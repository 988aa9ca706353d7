// The blocks of a compressed or remote bundle: read once, kept as compressed slices in a spool.

import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { openObject } from "@forklift/storage";
import { pMapIterable } from "p-map";
import { BlockIndex } from "./block-index.ts";
import { BLOCK_FILE_BYTES_MAX } from "./block-source.ts";
import type { BundleOptions, Shelf } from "./shelf.ts";
import { openSpool } from "./spool.ts";
import { type TarMember, tarMembers } from "./tar-members.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Speed before size: the fastest level still makes less than half of a block's JSON. */
const DEFLATE_LEVEL = 1;

/** Members compressed at a time. Node's thread pool has four threads; gunzip needs one of them. */
const COMPRESSIONS_MAX = 3;

/** Nothing is ever unpacked into files of its own, and any order of access is as good as another. */
export async function spooledShelf(options: BundleOptions): Promise<Shelf> {
  const archive = await openObject(options.url);
  const spool = await openSpool(options.scratchDirectory);
  const index = new BlockIndex();
  try {
    const members = wholeMembers(
      tarMembers(archive.stream, { ...options, url: options.maskedUrl }),
    );
    const compressed = pMapIterable(members, compress, {
      concurrency: COMPRESSIONS_MAX,
      backpressure: 2 * COMPRESSIONS_MAX,
    });
    for await (const { name, bytes, content } of compressed) {
      // A member above the bound is entered with its size alone: whoever asks for it is told.
      index.add(name, content === null ? { offset: 0, bytes } : await spool.append(content));
    }
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
  return {
    index,
    read: async (slice) =>
      inflate(await spool.read(slice), { maxOutputLength: BLOCK_FILE_BYTES_MAX }),
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  };
}

interface WholeMember {
  readonly name: string;
  readonly bytes: number;
  /** Null above the bound. */
  readonly content: Uint8Array | null;
}

async function* wholeMembers(members: AsyncIterable<TarMember>): AsyncGenerator<WholeMember> {
  for await (const { name, bytes, body } of members) {
    const isTooLarge = bytes > BLOCK_FILE_BYTES_MAX;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      if (isTooLarge) break;
      chunks.push(chunk);
    }
    yield { name, bytes, content: isTooLarge ? null : Buffer.concat(chunks) };
  }
}

async function compress({ name, bytes, content }: WholeMember): Promise<WholeMember> {
  if (content === null) return { name, bytes, content };
  return { name, bytes, content: await deflate(content, { level: DEFLATE_LEVEL }) };
}
