// Decodes one zstd frame with fzstd, for a Node without zstd. It passes over checksums, so they are
// computed here.

import { Decompress } from "fzstd";
import createXxhash from "xxhash-wasm";
import { DecoderError } from "./decoder-error.ts";
import type { FramePart } from "./zstd-frames.ts";

/** A frame's checksum: the low half of XXH64 of what it unpacks to. */
const CHECKSUM_BYTES = 4;
const CHECKSUM_MASK = 0xffff_ffffn;

/** @throws DecoderError */
export async function* decodeWithLibrary(
  frame: AsyncIterable<FramePart>,
): AsyncGenerator<Uint8Array> {
  const checksum = (await createXxhash()).create64();
  let pieces: Uint8Array[] = [];
  const stream = new Decompress((piece) => {
    if (piece.length > 0) pieces.push(piece);
  });
  // The last byte of a part goes with the next one. Given blocks that end where its input ends, the
  // library keeps all its input: it puts aside the rest, of no bytes, and takes it up only if it has any.
  let heldBack: Uint8Array = Buffer.alloc(0);
  for await (const { bytes, isLast, hasChecksum } of frame) {
    pieces = [];
    const end = isLast ? bytes.length : bytes.length - 1;
    push(stream, Buffer.concat([heldBack, bytes.subarray(0, end)]), isLast);
    heldBack = bytes.subarray(end);
    for (const piece of pieces) {
      if (hasChecksum) checksum.update(piece);
      yield piece;
    }
    if (isLast && hasChecksum) {
      requireChecksum(bytes.readUInt32LE(bytes.length - CHECKSUM_BYTES), checksum.digest());
    }
  }
}

/** Damaged bytes make the library fail in many ways, of which some are no errors of its own. */
function push(stream: Decompress, bytes: Buffer, isLast: boolean): void {
  try {
    stream.push(bytes, isLast);
  } catch (cause) {
    throw new DecoderError((cause as Error).message, { cause });
  }
}

function requireChecksum(expected: number, digest: bigint): void {
  if ((digest & CHECKSUM_MASK) === BigInt(expected)) return;
  throw new DecoderError("the checksum of a frame is not that of what it unpacks to");
}
