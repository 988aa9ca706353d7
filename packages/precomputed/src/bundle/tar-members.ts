// Lists where the block files lie in a tar archive, which is read once from beginning to end.

import assert from "node:assert/strict";
import { ReadableStream } from "node:stream/web";
import { SourceDataError } from "@forklift/pipeline";
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from "modern-tar";
import { parseBlockName } from "../files/block-file-forms.ts";
import type { Slice } from "../files/scratch-file.ts";
import { BLOCK_FILE_BYTES_MAX } from "../verify/block-source.ts";

export interface TarMember extends Slice {
  /** Without folders; one of the names that `parseBlockName` knows. */
  readonly name: string;
  /** Null unless requested, and where it has more bytes than a block may have. */
  readonly body: Buffer | null;
}

/**
 * Block files of one archive, six times the blocks of mainnet's first era. Each takes some 180 bytes of
 * memory for as long as blocks are requested.
 */
const MEMBERS_MAX = 2_000_000;

/**
 * Block files of the network, in any order and below any folder; other members are passed over.
 *
 * The tar decoder does not report where a member lies, but it copies nothing: what it hands out are
 * views of the chunks that it was given. So the position of each chunk's memory is remembered, for
 * as long as that memory lives.
 */
export async function* tarMembers(
  archive: AsyncIterable<Uint8Array>,
  network: string,
  withBodies = false,
): AsyncGenerator<TarMember> {
  const starts = new WeakMap<ArrayBufferLike, number>();
  const tar = ReadableStream.from(placed(archive, starts));
  // Strict: checksums of headers are checked, and the end must be marked as such.
  const entries: AsyncIterable<ParsedTarEntry> = tar.pipeThrough(
    createTarDecoder({ strict: true }),
  );
  let count = 0;
  for await (const { header, body } of entries) {
    const name = blockNameOf(header, network);
    const isKept = withBodies && name !== null && header.size <= BLOCK_FILE_BYTES_MAX;
    const kept: Uint8Array[] = [];
    let offset = 0;
    let isFirst = true;
    // Read to its end, wanted or not: a body that is left while its end waits in a queue takes the
    // next member's body with it, and the decoder then waits for ever (modern-tar 0.8.6).
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (isKept) kept.push(chunk);
      if (!isFirst) continue;
      isFirst = false;
      const { buffer, byteOffset } = chunk;
      const start = starts.get(buffer);
      assert(start !== undefined, "the tar decoder handed out a copy instead of a view");
      offset = start + byteOffset;
    }
    if (name === null) continue;
    if (++count > MEMBERS_MAX) {
      throw new SourceDataError(`more than ${MEMBERS_MAX} block files are in one archive`, {
        hint: "give a bundle of one network's blocks; no network has as many",
      });
    }
    // A copy: a view would keep all of the chunk it lies in.
    const copy = isKept ? Buffer.concat(kept) : null;
    yield { name, offset, bytes: header.size, body: copy };
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
  const isBlock = type === "file" && parseBlockName(baseName, network) !== null;
  return isBlock ? baseName : null;
}
