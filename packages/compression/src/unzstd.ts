// Unpacks zstd as a stream, in memory that is bounded by the window of its frames.

import * as zlib from "node:zlib";
import { damaged } from "./damaged.ts";
import { decodeWithLibrary } from "./decode-with-library.ts";
import { decodeWithZlib } from "./decode-with-zlib.ts";
import { DecoderError } from "./decoder-error.ts";
import { type FramePart, frameParts } from "./zstd-frames.ts";

/** Node has it from 22.15 on. */
const decodeFrame = "createZstdDecompress" in zlib ? decodeWithZlib : decodeWithLibrary;

/**
 * Any number of frames, one after the other. Their checksums are checked where they have one.
 * @param what is packed, for messages: "the dump".
 * @param onFrame is notified of the offset of every frame, when all before it was unpacked and
 * taken: from there on the rest can be unpacked by itself.
 * @throws SourceDataError while reading, when the bytes are truncated or damaged, or a frame wants
 * to remember more than WINDOW_BYTES_MAX.
 */
export async function* unzstd(
  packed: AsyncIterable<Uint8Array>,
  what: string,
  onFrame?: (offset: number) => void,
): AsyncGenerator<Uint8Array> {
  const parts = frameParts(packed, what);
  try {
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
      onFrame?.(next.value.offset);
      yield* decodeFrame(frameOf(next.value, parts));
    }
  } catch (error) {
    throw error instanceof DecoderError
      ? damaged(what, "zstd", error.message, { cause: error })
      : error;
  } finally {
    await parts.return(undefined);
  }
}

/** From the header of a frame to its end. */
async function* frameOf(
  first: FramePart,
  parts: AsyncGenerator<FramePart>,
): AsyncGenerator<FramePart> {
  yield first;
  for (let isLast = false; !isLast; ) {
    const next = await parts.next();
    if (next.done === true) return;
    yield next.value;
    isLast = next.value.isLast;
  }
}
