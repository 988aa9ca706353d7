// Reads any bytes of a packed file's content, by unpacking the spans between its access points.

import type { Slice } from "../files/scratch-file.ts";
import type { BundleIndex } from "./bundle-index.ts";

/**
 * Unpacked bytes kept for the next reader. Archives are mostly in the order of names and blocks are
 * requested in the order of heights, so the next block often lies behind the last one.
 */
const SPANS_BYTES_MAX = 32 * 1024 * 1024;

export interface PackedFile {
  /** Bytes of the packed file. */
  read(slice: Slice): Promise<Uint8Array>;
  readonly bytes: number;
  /** Unpacked. */
  readonly unpackedBytes: number;
  /** Names the file in errors. */
  readonly url: string;
}

/** What lies between an access point and the next one. */
export interface Span {
  readonly number: number;
  /** From the byte in which it begins to the one in which it ends. */
  readonly packed: Uint8Array;
  readonly unpackedBytes: number;
}

type SpanIndex = Pick<BundleIndex, "point" | "pointBefore" | "pointCount">;

export function spanReader(
  index: SpanIndex,
  file: PackedFile,
  unpack: (span: Span) => Promise<Uint8Array>,
) {
  /** By number of the access point; least recently used first. */
  const spans = new Map<number, Promise<Uint8Array>>();

  function span(number: number): Promise<Uint8Array> {
    const found = spans.get(number) ?? unpackSpan(number);
    spans.delete(number);
    spans.set(number, found);
    // A disk that failed may be back for the next reader.
    found.catch(() => spans.delete(number));
    let total = 0;
    for (const other of [...spans.keys()].reverse()) {
      total += sizeOf(other);
      if (total > SPANS_BYTES_MAX && other !== number) spans.delete(other);
    }
    return found;
  }

  function endOf(number: number): { readonly bit: number; readonly unpacked: number } {
    if (number + 1 < index.pointCount) return index.point(number + 1);
    return { bit: 8 * file.bytes, unpacked: file.unpackedBytes };
  }

  const sizeOf = (number: number) => endOf(number).unpacked - index.point(number).unpacked;

  async function unpackSpan(number: number): Promise<Uint8Array> {
    const first = Math.floor(index.point(number).bit / 8);
    const bytes = Math.ceil(endOf(number).bit / 8) - first;
    const packed = await file.read({ offset: first, bytes });
    return await unpack({ number, packed, unpackedBytes: sizeOf(number) });
  }

  /** The bytes of the slice, from as many spans as it reaches into. */
  return async function read({ offset, bytes }: Slice): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    const end = offset + bytes;
    for (let at = offset, number = index.pointBefore(offset); at < end; number++) {
      const { unpacked } = index.point(number);
      const piece = (await span(number)).subarray(at - unpacked, end - unpacked);
      pieces.push(piece);
      at += piece.length;
    }
    return Buffer.concat(pieces);
  };
}
