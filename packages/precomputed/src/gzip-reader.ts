// Any bytes of a gzip file's content, unpacked from the restart point before them.

import { promisify } from "node:util";
import { constants, inflateRaw } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import type { BundleIndex } from "./bundle-index.ts";
import { deflateStream } from "./deflate-entry.ts";
import { SPAN_BYTES_MAX } from "./restart-points.ts";
import type { Slice } from "./spool.ts";

const inflate = promisify(inflateRaw);

/**
 * Unpacked bytes kept for the next reader. Archives are mostly in the order of names and blocks are
 * asked for in the order of heights, so the next block often lies behind the last one.
 */
const SPANS_BYTES_MAX = 32 * 1024 * 1024;

export interface PackedFile {
  /** Bytes of the gzip file. */
  read(slice: Slice): Promise<Uint8Array>;
  readonly bytes: number;
  /** Unpacked. */
  readonly unpackedBytes: number;
  readWindow(slice: Slice): Promise<Uint8Array>;
  /** Names the file in errors. */
  readonly url: string;
}

export function gzipReader(index: BundleIndex, file: PackedFile) {
  /** By number of the restart point; least recently used first. */
  const spans = new Map<number, Promise<Uint8Array>>();

  /** What lies between a restart point and the next one. */
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
    const { bit, window } = index.point(number);
    const end = endOf(number);
    const first = Math.floor(bit / 8);
    const packed = await file.read({ offset: first, bytes: Math.ceil(end.bit / 8) - first });
    const options = {
      ...(window === null ? {} : { dictionary: await inflate(await file.readWindow(window)) }),
      // The bits end in the middle of a member, and that is no error.
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: SPAN_BYTES_MAX,
    };
    const bytes = await inflate(deflateStream(packed, bit % 8), options).catch((cause: unknown) => {
      throw changed(`cannot be unpacked from bit ${bit} on`, cause);
    });
    if (bytes.length !== sizeOf(number)) {
      throw changed(`unpacks to ${bytes.length} bytes from bit ${bit} on`);
    }
    return bytes;
  }

  function changed(what: string, cause?: unknown): SourceDataError {
    return new SourceDataError(`${file.url} ${what}, which it did when it was indexed`, {
      cause,
      hint: "it was changed or damaged since; run again, and it is indexed anew",
    });
  }

  /** The member's bytes, from as many spans as it reaches into. */
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
