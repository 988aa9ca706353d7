// A dump as it is published: SQL, gzip of it, or gzip of a tar with it. Told apart by content and
// unpacked as a stream; nothing touches the disk.

import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { ForkliftError, SourceDataError } from "@forklift/pipeline";
import { createTarDecoder } from "modern-tar";

/** With zlib's default of 16 KB, unpacking takes almost twice as long. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

const TAR_BLOCK_BYTES = 512;
const TAR_MAGIC_OFFSET = 257;

const HINT = { hint: "the dump is damaged or of another kind; get it again" };

/**
 * The SQL of a .sql, .sql.gz or .sql.tar.gz, whatever the file is called.
 * @throws SourceDataError while reading, when the archive is damaged, or holds no .sql or several.
 */
export async function* readDumpArchive(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const packed = await peek(stream, 2);
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b;
  const plain = await peek(isGzip ? gunzip(packed.all) : packed.all, TAR_BLOCK_BYTES);
  const magic = Buffer.from(plain.head).toString("latin1", TAR_MAGIC_OFFSET, TAR_MAGIC_OFFSET + 5);
  yield* magic === "ustar" ? untarSql(plain.all) : plain.all;
}

interface Peeked {
  readonly head: Uint8Array;
  /** Everything, the head included. */
  readonly all: AsyncGenerator<Uint8Array>;
}

async function peek(stream: AsyncIterable<Uint8Array>, byteCount: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < byteCount; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const head = Buffer.concat(chunks);
  async function* all() {
    try {
      if (head.length > 0) yield head;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head, all: all() };
}

async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  const feeding = pipeline(packed, unzip);
  // Whatever goes wrong reaches the reader through the stream; here it only must not go unheard.
  feeding.catch(() => undefined);
  try {
    yield* unzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_") !== true) throw error;
    throw new SourceDataError(`the dump's gzip is damaged: ${message}`, { cause: error, ...HINT });
  }
}

async function* untarSql(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sourceError: unknown;
  async function* source() {
    try {
      yield* tar;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  let found: string | undefined;
  try {
    const entries = ReadableStream.from(source()).pipeThrough(createTarDecoder({ strict: true }));
    for await (const { header, body } of entries) {
      if (header.type !== "file" || !header.name.endsWith(".sql")) {
        await body.cancel();
        continue;
      }
      if (found !== undefined) throw twoMembers(found, header.name);
      found = header.name;
      yield* body;
    }
  } catch (error) {
    // The reader of the tar throws plain errors, which only differ from the source's by origin.
    if (sourceError !== undefined) throw sourceError;
    if (error instanceof ForkliftError) throw error;
    const { message } = error as Error;
    throw new SourceDataError(`the dump's tar is damaged: ${message}`, { cause: error, ...HINT });
  }
  if (found === undefined) throw new SourceDataError("the tar holds no .sql file", HINT);
}

function twoMembers(first: string, second: string): SourceDataError {
  return new SourceDataError(`the tar holds two SQL files, ${first} and ${second}; expected one`, {
    hint: "give the dump of one database",
  });
}
