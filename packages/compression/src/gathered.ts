// Gathers the parts of a frame into pieces worth a decoder call: a block may be four bytes long.

import type { FramePart } from "./zstd-frames.ts";

const GATHERED_BYTES = 64 * 1024;

/** A block with what belongs to it, behind almost a whole piece. */
export const PIECE_BYTES_MAX = 256 * 1024;

export async function* gathered(frame: AsyncIterable<FramePart>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const { bytes, isLast } of frame) {
    pending.push(bytes);
    pendingBytes += bytes.length;
    if (pendingBytes < GATHERED_BYTES && !isLast) continue;
    yield pending.length === 1 ? bytes : Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
  }
}
