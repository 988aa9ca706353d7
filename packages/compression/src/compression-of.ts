// Detects by their first bytes how bytes are packed.

export type Compression = "gzip" | "zstd" | "none";

/** Bytes that `compressionOf` wants to see. */
const MAGIC_BYTES = 4;

const GZIP_MAGIC = 0x1f8b;
const ZSTD_MAGIC = 0xfd2fb528;
/** Frames that a reader passes over; tools that write several frames begin with one. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;

export function compressionOf(head: Uint8Array): Compression {
  if (head.length < MAGIC_BYTES) return "none";
  const view = new DataView(head.buffer, head.byteOffset, MAGIC_BYTES);
  if (view.getUint16(0) === GZIP_MAGIC) return "gzip";
  const magic = view.getUint32(0, true);
  return isZstdFrame(magic) || isSkippableFrame(magic) ? "zstd" : "none";
}

/** @param magic the first four bytes, little-endian. */
export function isZstdFrame(magic: number): boolean {
  return magic === ZSTD_MAGIC;
}

export function isSkippableFrame(magic: number): boolean {
  return (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC;
}
