// Writes zstd frames that nothing was packed in: raw blocks, and runs of one byte. Enough to try a reader
// on a machine without a packer, and to write frames that no packer would.

export interface ZstdFrameOptions {
  /** As an exponent and a mantissa, RFC 8878; default: 1 MiB. */
  readonly windowByte?: number;
  /** 32 bits, or none. A right one takes XXH64, which a test brings along. */
  readonly checksum?: number;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const BLOCK_BYTES_MAX = 128 * 1024;
const WINDOW_OF_ONE_MIB = 10 << 3;
const HAS_CHECKSUM = 4;

/** The bytes as raw blocks of one frame. */
export function zstdFrame(bytes: Uint8Array, options: ZstdFrameOptions = {}): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_BYTES_MAX) {
    const piece = bytes.subarray(at, at + BLOCK_BYTES_MAX);
    const isLast = at + BLOCK_BYTES_MAX >= bytes.length;
    blocks.push(blockHeader(0, piece.length, isLast), Buffer.from(piece));
  }
  return Buffer.concat([frameHeader(options), ...blocks, checksumOf(options)]);
}

/** One frame of so many blocks, each of which unpacks to 128 KiB of one byte. */
export function zstdRuns(blockCount: number, options: ZstdFrameOptions = {}): Buffer {
  const blocks = Array.from({ length: blockCount }, (_, index) =>
    Buffer.concat([
      blockHeader(1, BLOCK_BYTES_MAX, index === blockCount - 1),
      Buffer.of(0x61 + (index % 26)),
    ]),
  );
  return Buffer.concat([frameHeader(options), ...blocks, checksumOf(options)]);
}

/** A frame that readers pass over. */
export function zstdSkippable(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  header.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function frameHeader({ checksum, windowByte = WINDOW_OF_ONE_MIB }: ZstdFrameOptions): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32LE(MAGIC, 0);
  header[4] = checksum === undefined ? 0 : HAS_CHECKSUM;
  header[5] = windowByte;
  return header;
}

function blockHeader(type: number, size: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

function checksumOf({ checksum }: ZstdFrameOptions): Buffer {
  if (checksum === undefined) return Buffer.alloc(0);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(checksum);
  return bytes;
}
