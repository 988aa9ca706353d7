// The outer structure of a zstd stream, RFC 8878: frames one after the other, each of a header, blocks,
// and a checksum. Read by ourselves, so that every size is known before a decoder allocates it.

import { isSkippableFrame, isZstdFrame } from "./compression-of.ts";
import { damaged } from "./damaged.ts";

/**
 * What a decoder must remember of what it has unpacked: 128 MiB is what `zstd --long` takes, and what
 * zstd's own tools accept without an option.
 */
const WINDOW_BYTES_MAX = 128 * 1024 * 1024;

/** Of a block, packed as unpacked. */
const BLOCK_BYTES_MAX = 128 * 1024;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

/** Block types. */
const RLE = 1;
const RESERVED = 3;

/** The header of a frame, or one block; the checksum stands behind the last block. */
export interface FramePart {
  readonly bytes: Buffer;
  readonly isLast: boolean;
  /** Of the frame: its last part ends in 32 bits of it. */
  readonly hasChecksum: boolean;
  /** Where in the stream it lies. */
  readonly offset: number;
}

/**
 * Frames that are to be passed over are passed over.
 * @throws SourceDataError when the stream is truncated, no zstd, or wants a larger window.
 */
export async function* frameParts(
  packed: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<FramePart> {
  const source = new ByteSource(packed, what);
  try {
    while (await source.hasMore()) {
      const magic = (await source.peek(4)).readUInt32LE();
      if (isSkippableFrame(magic)) {
        const header = await source.take(8);
        await source.skip(header.readUInt32LE(4));
      } else if (isZstdFrame(magic)) {
        yield* partsOf(source);
      } else {
        throw source.damaged("no frame begins there");
      }
    }
  } finally {
    await source.close();
  }
}

async function* partsOf(source: ByteSource): AsyncGenerator<FramePart> {
  const { offset } = source;
  const bytes = await source.take(await headerBytes(source));
  const hasChecksum = (bytes[4]! & 4) !== 0;
  requireWindow(bytes, source);
  yield { bytes, isLast: false, hasChecksum, offset };
  for (let isLast = false; !isLast; ) {
    const header = (await source.peek(BLOCK_HEADER_BYTES)).readUIntLE(0, BLOCK_HEADER_BYTES);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED || size > BLOCK_BYTES_MAX) throw source.damaged("no block begins there");
    const length = BLOCK_HEADER_BYTES + (type === RLE ? 1 : size);
    const checksumBytes = isLast && hasChecksum ? CHECKSUM_BYTES : 0;
    const { offset: at } = source;
    const block = await source.take(length + checksumBytes);
    yield { bytes: block, isLast, hasChecksum, offset: at };
  }
}

/** The magic, a descriptor, and what it says to follow: window, dictionary and content size. */
async function headerBytes(source: ByteSource): Promise<number> {
  const descriptor = (await source.peek(5))[4]!;
  const isSingleSegment = (descriptor & 32) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if ((descriptor & 8) !== 0) throw source.damaged("its header has a reserved bit");
  if (dictionaryBytes > 0) throw source.damaged("it needs a dictionary");
  return 5 + (isSingleSegment ? 0 : 1) + contentSizeBytes;
}

function requireWindow(header: Buffer, source: ByteSource): void {
  const isSingleSegment = (header[4]! & 32) !== 0;
  const bytes = isSingleSegment ? contentSize(header, 5) : windowSize(header[5]!);
  if (bytes <= BigInt(WINDOW_BYTES_MAX)) return;
  throw source.damaged(
    `a frame wants a window of ${bytes} bytes, expected ${WINDOW_BYTES_MAX} at most ` +
      "(pack it without --long=28 and above, and without --ultra)",
  );
}

/** An exponent in 5 bits and a mantissa in 3. */
function windowSize(byte: number): bigint {
  const base = 1n << BigInt(10 + (byte >> 3));
  return base + (base / 8n) * BigInt(byte & 7);
}

function contentSize(header: Buffer, at: number): bigint {
  switch (header.length - at) {
    case 1:
      return BigInt(header[at]!);
    case 2:
      return BigInt(header.readUInt16LE(at)) + 256n;
    case 4:
      return BigInt(header.readUInt32LE(at));
    default:
      return header.readBigUInt64LE(at);
  }
}

/** A reader that takes a given number of bytes. */
class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(packed: AsyncIterable<Uint8Array>, what: string) {
    this.#iterator = packed[Symbol.asyncIterator]();
    this.#what = what;
  }

  /** Of the byte that is taken next. */
  get offset(): number {
    return this.#offset;
  }

  async hasMore(): Promise<boolean> {
    return this.#bytes.length > 0 || (await this.#more());
  }

  async peek(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      if (await this.#more()) continue;
      throw this.damaged("it is cut off there", { ahead: this.#bytes.length, isCut: true });
    }
    return this.#bytes;
  }

  async take(count: number): Promise<Buffer> {
    const taken = (await this.peek(count)).subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    this.#offset += count;
    return taken;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const step = Math.min(left, (await this.peek(1)).length);
      await this.take(step);
      left -= step;
    }
  }

  damaged(why: string, { ahead = 0, isCut = false } = {}): Error {
    return damaged(this.#what, "zstd", `${why}, at byte ${this.#offset + ahead}`, { isCut });
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#iterator.next();
    if (next.done === true) return false;
    const { buffer, byteOffset, byteLength } = next.value;
    const chunk = Buffer.from(buffer, byteOffset, byteLength);
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    return this.#bytes.length > 0 || (await this.#more());
  }
}
