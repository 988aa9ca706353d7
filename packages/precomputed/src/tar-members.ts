// Where the block files lie in a tar archive, which is read once from its beginning to its end.

import assert from "node:assert/strict";
import { ReadableStream } from "node:stream/web";
import { parseBlockFileName } from "@forklift/chain";
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from "modern-tar";
import type { Slice } from "./spool.ts";

export interface TarMember extends Slice {
  /** Without folders: `{network}-{height}-{state_hash}.json`. */
  readonly name: string;
}

/**
 * Block files of the network, in any order and below any folder; other members are passed over.
 *
 * The tar decoder does not tell where a member lies, but it copies nothing: what it hands out are
 * views of the chunks that it was given. So the position of each chunk's memory is remembered, for
 * as long as that memory lives.
 */
export async function* tarMembers(
  archive: AsyncIterable<Uint8Array>,
  network: string,
): AsyncGenerator<TarMember> {
  const starts = new WeakMap<ArrayBufferLike, number>();
  const tar = ReadableStream.from(placed(archive, starts));
  // Strict: checksums of headers are checked, and the end must be marked as such.
  const entries: AsyncIterable<ParsedTarEntry> = tar.pipeThrough(
    createTarDecoder({ strict: true }),
  );
  for await (const { header, body } of entries) {
    const name = blockNameOf(header, network);
    let offset = 0;
    let isFirst = true;
    // Read to its end, wanted or not: a body that is left while its end waits in a queue takes the
    // next member's body with it, and the decoder then waits for ever (modern-tar 0.8.6).
    for await (const { buffer, byteOffset } of body as AsyncIterable<Uint8Array>) {
      if (!isFirst) continue;
      isFirst = false;
      const start = starts.get(buffer);
      assert(start !== undefined, "the tar decoder handed out a copy instead of a view");
      offset = start + byteOffset;
    }
    if (name !== null) yield { name, offset, bytes: header.size };
  }
}

/** Chunks that share their memory, as gunzip's do, must follow one another in it. */
async function* placed(
  archive: AsyncIterable<Uint8Array>,
  starts: WeakMap<ArrayBufferLike, number>,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of archive) {
    const start = position - chunk.byteOffset;
    const known = starts.get(chunk.buffer);
    assert(known === undefined || known === start, "memory of the archive was used twice");
    starts.set(chunk.buffer, start);
    position += chunk.byteLength;
    yield chunk;
  }
}

function blockNameOf({ name, type }: TarHeader, network: string): string | null {
  const baseName = name.slice(name.lastIndexOf("/") + 1);
  const isBlock = type === "file" && parseBlockFileName(baseName)?.network === network;
  return isBlock ? baseName : null;
}
