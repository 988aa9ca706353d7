// Decodes one zstd frame with the zstd library as WebAssembly, which checks its checksum, too.

import assert from "node:assert/strict";
import { TryAgainError } from "@forklift/pipeline";
import { DecoderError } from "./decoder-error.ts";
import { gathered, PIECE_BYTES_MAX } from "./gathered.ts";
import type { FramePart } from "./zstd-frames.ts";
import { loadZstdLibrary, type ZstdLibrary } from "./zstd-library.ts";

const CHUNK_BYTES = 256 * 1024;

/** Each of three numbers: an address, a size, and how far the library got. */
const BUFFER_BYTES = 12;

/** Numbers of errors count down from 2^32. */
const ERROR_MIN = 0xffff_ff88;
const NO_MEMORY = 64;
const ERRORS: Readonly<Record<number, string>> = {
  16: "a frame wants a larger window than its header says",
  20: "what it holds is no zstd",
  22: "the checksum of a frame is not that of what it unpacks to",
};

/** @throws DecoderError */
export async function* decodeWithLibrary(
  frame: AsyncIterable<FramePart>,
): AsyncGenerator<Uint8Array> {
  const library = await loadZstdLibrary();
  const decoder = openDecoder(library);
  try {
    let isWhole = false;
    for await (const piece of gathered(frame)) {
      decoder.give(piece);
      for (let isMore = true; isMore; ) {
        const { chunk, ...step } = decoder.take();
        if (chunk.length > 0) yield chunk;
        ({ isMore, isWhole } = step);
      }
    }
    if (!isWhole) throw new DecoderError("a frame does not end where its last block does");
  } finally {
    decoder.close();
  }
}

function openDecoder(library: ZstdLibrary) {
  const context = library.ZSTD_createDCtx();
  const place = library.malloc(PIECE_BYTES_MAX + CHUNK_BYTES + 2 * BUFFER_BYTES);
  const packedAt = place;
  const chunkAt = place + PIECE_BYTES_MAX;
  const input = chunkAt + CHUNK_BYTES;
  const output = input + BUFFER_BYTES;
  const close = () => {
    library.ZSTD_freeDCtx(context);
    library.free(place);
  };
  if (context === 0 || place === 0) {
    close();
    throw noMemory();
  }
  return {
    give(piece: Uint8Array): void {
      assert(piece.length <= PIECE_BYTES_MAX, "a piece of a frame is longer than it can be");
      new Uint8Array(library.memory.buffer).set(piece, packedAt);
      setBuffer(library, input, { at: packedAt, bytes: piece.length });
    },

    /** There may be more in the piece that was given. */
    take() {
      setBuffer(library, output, { at: chunkAt, bytes: CHUNK_BYTES });
      const result = library.ZSTD_decompressStream(context, output, input) >>> 0;
      if (result >= ERROR_MIN) throw decoderError(2 ** 32 - result);
      const written = donePart(library, output);
      const chunk = new Uint8Array(library.memory.buffer).slice(chunkAt, chunkAt + written.done);
      const read = donePart(library, input);
      const isMore = read.done < read.bytes || written.done === written.bytes;
      return { chunk, isMore: isMore && result !== 0, isWhole: result === 0 };
    },

    close,
  };
}

function setBuffer(
  { memory }: ZstdLibrary,
  buffer: number,
  { at, bytes }: { readonly at: number; readonly bytes: number },
): void {
  const view = new DataView(memory.buffer, buffer, BUFFER_BYTES);
  view.setUint32(0, at, true);
  view.setUint32(4, bytes, true);
  view.setUint32(8, 0, true);
}

function donePart({ memory }: ZstdLibrary, buffer: number) {
  const view = new DataView(memory.buffer, buffer, BUFFER_BYTES);
  return { bytes: view.getUint32(4, true), done: view.getUint32(8, true) };
}

function decoderError(code: number): Error {
  if (code === NO_MEMORY) return noMemory();
  return new DecoderError(ERRORS[code] ?? `zstd's error ${code}`);
}

function noMemory(): TryAgainError {
  return new TryAgainError("no memory is left to unpack zstd", {
    hint: "give the process more memory, then run the same command again",
  });
}
