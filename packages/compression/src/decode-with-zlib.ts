// Decodes one zstd frame with node:zlib, which checks its checksum, too.

import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { DecoderError } from "./decoder-error.ts";
import { gathered } from "./gathered.ts";
import type { FramePart } from "./zstd-frames.ts";

const CHUNK_BYTES = 256 * 1024;

/** The types of the oldest Node that we serve do not know it. */
interface ZstdOfZlib {
  createZstdDecompress(options: { readonly chunkSize: number }): Transform;
}

/** @throws DecoderError */
export async function* decodeWithZlib(frame: AsyncIterable<FramePart>): AsyncGenerator<Uint8Array> {
  const unzip = (zlib as unknown as ZstdOfZlib).createZstdDecompress({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(Readable.from(gathered(frame)), unzip);
  // Whatever goes wrong reaches the reader through the stream; here it only must not go unheard.
  feeding.catch(() => undefined);
  try {
    yield* unzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code?.startsWith("ZSTD_") === true ? new DecoderError(message, { cause: error }) : error;
  }
}
