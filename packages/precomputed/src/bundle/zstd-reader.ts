// Reads any bytes of a zstd file's content, unpacked from the frame that they lie in.

import { unzstd } from "@forklift/compression";
import { SourceDataError } from "@forklift/pipeline";
import { once } from "../files/unpack-block-file.ts";
import type { BundleIndex } from "./bundle-index.ts";
import { changedBundle } from "./changed-bundle.ts";
import { type PackedFile, type Span, spanReader } from "./span-reader.ts";

export function zstdReader(index: BundleIndex, file: PackedFile) {
  return spanReader(index, file, (span) => unpackFrames(span, file.url));
}

/** No more is unpacked than there was. */
async function unpackFrames({ packed, unpackedBytes }: Span, url: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const piece of unzstd(once(packed), "a part of the archive")) {
      pieces.push(piece);
      total += piece.length;
      if (total > unpackedBytes) break;
    }
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    throw changedBundle(url, `cannot be unpacked: ${error.message}`, error);
  }
  if (total === unpackedBytes) return Buffer.concat(pieces, total);
  throw changedBundle(url, `no longer unpacks to ${unpackedBytes} bytes`);
}
