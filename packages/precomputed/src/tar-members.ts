// The block files inside a tar archive that is read once, from its beginning to its end.

import { pipeline } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { parseBlockFileName } from "@forklift/chain";
import { ForkliftError, SourceDataError } from "@forklift/pipeline";
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from "modern-tar";

export interface TarMember {
  /** Without folders: `{network}-{height}-{state_hash}.json`. */
  readonly name: string;
  readonly bytes: number;
  /** To be read, or begun and left, before the next member is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface TarOptions {
  /** Names the archive in errors. */
  readonly url: string;
  readonly network: string;
  readonly isCompressed: boolean;
}

/** Nearly twice as fast as zlib's default of 16 KiB. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

/**
 * Block files of the network, in any order and below any folder; other members are passed over.
 * @throws SourceDataError with the position when the archive is cut off or damaged.
 */
export async function* tarMembers(
  archive: AsyncIterable<Uint8Array>,
  { url, network, isCompressed }: TarOptions,
): AsyncGenerator<TarMember> {
  let bytesRead = 0;
  const tally = (chunk: Uint8Array) => {
    bytesRead += chunk.byteLength;
  };
  const explain = (error: unknown) => archiveError(error, url, bytesRead);

  const file = eachTold(archive, tally);
  const tar = ReadableStream.from(isCompressed ? gunzip(file) : file);
  // Strict: checksums of headers are checked, and the end must be marked as such.
  const entries: AsyncIterable<ParsedTarEntry> = tar.pipeThrough(
    createTarDecoder({ strict: true }),
  );
  for await (const { header, body } of explained(entries, explain)) {
    const name = blockNameOf(header, network);
    if (name === null) await body.cancel();
    else yield { name, bytes: header.size, body: explained(body, explain) };
  }
}

function blockNameOf({ name, type }: TarHeader, network: string): string | null {
  const baseName = name.slice(name.lastIndexOf("/") + 1);
  const isBlock = type === "file" && parseBlockFileName(baseName)?.network === network;
  return isBlock ? baseName : null;
}

async function* eachTold(chunks: AsyncIterable<Uint8Array>, tell: (chunk: Uint8Array) => void) {
  for await (const chunk of chunks) {
    tell(chunk);
    yield chunk;
  }
}

async function* gunzip(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  // A failing input destroys the stream with its error, which the next line then throws.
  pipeline(compressed, stream, () => {});
  yield* stream;
}

/** A damaged archive may show while a member is sought or while one is read. */
async function* explained<Item>(
  items: AsyncIterable<Item>,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    throw explain(error);
  }
}

/** Errors of storage say all there is to say; the others come from gunzip and the tar decoder. */
function archiveError(error: unknown, url: string, bytesRead: number): unknown {
  if (error instanceof ForkliftError || !(error instanceof Error)) return error;
  const isCut = /truncated|unexpected end/.test(error.message);
  return new SourceDataError(
    `${url} is ${isCut ? "cut off" : "damaged"} at byte ${bytesRead}: ${error.message}`,
    { cause: error, hint: "fetch the archive again and compare its size and checksum" },
  );
}
