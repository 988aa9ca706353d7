// Unpacks gzip as a stream.

import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { damaged } from "./damaged.ts";

/** With zlib's default of 16 KB, unpacking takes almost twice as long. */
const CHUNK_BYTES = 256 * 1024;

/**
 * @param what is packed, for messages: "the dump".
 * @throws SourceDataError while reading, when the bytes are truncated or damaged.
 */
export async function* gunzip(
  packed: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(packed, unzip);
  // Whatever goes wrong reaches the reader through the stream; here it only must not go unheard.
  feeding.catch(() => undefined);
  try {
    yield* unzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_") !== true) throw error;
    throw damaged(what, "gzip", message, { cause: error, isCut: code === "Z_BUF_ERROR" });
  }
}
