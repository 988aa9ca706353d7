// Reads any bytes of a gzip file's content, unpacked from the access point before them.

import { promisify } from "node:util";
import { constants, inflateRaw } from "node:zlib";
import type { Slice } from "../files/scratch-file.ts";
import { SPAN_BYTES_MAX } from "./access-points.ts";
import type { BundleIndex } from "./bundle-index.ts";
import { changedBundle } from "./changed-bundle.ts";
import { deflateStream } from "./deflate-entry.ts";
import { type PackedFile, spanReader } from "./span-reader.ts";

const inflate = promisify(inflateRaw);

export interface GzipFile extends PackedFile {
  readWindow(slice: Slice): Promise<Uint8Array>;
}

export function gzipReader(index: BundleIndex, file: GzipFile) {
  return spanReader(index, file, async ({ number, packed, unpackedBytes }) => {
    const { bit, window } = index.point(number);
    const options = {
      ...(window === null ? {} : { dictionary: await inflate(await file.readWindow(window)) }),
      // The bits end in the middle of a member, and that is no error.
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: SPAN_BYTES_MAX,
    };
    const bytes = await inflate(deflateStream(packed, bit % 8), options).catch((cause: unknown) => {
      throw changedBundle(file.url, `cannot be unpacked from bit ${bit} on`, cause);
    });
    if (bytes.length === unpackedBytes) return bytes;
    throw changedBundle(file.url, `unpacks to ${bytes.length} bytes from bit ${bit} on`);
  });
}
