// A dump as it lies: SQL or one of pg_dump's other formats, packed or not, in a tar or not. Told apart by
// content, whatever the file is called, and read as a stream.

import {
  type Compression,
  compressionOf,
  gunzip,
  MAGIC_BYTES,
  peek,
  unzstd,
} from "@forklift/compression";
import { SourceDataError } from "@forklift/pipeline";
import { isTar, type ScratchOptions, sqlOfTar } from "./dump-tar.ts";
import { sqlOfArchive } from "./pg-restore.ts";

/** A gzip of a tar, and a packed file inside. More is no dump. */
const LAYERS_MAX = 3;

/** The header of a tar's first member; the others are told by less. */
const HEAD_BYTES = 512;

const UNPACK: Readonly<
  Record<
    Exclude<Compression, "none">,
    (packed: AsyncIterable<Uint8Array>, what: string) => AsyncGenerator<Uint8Array>
  >
> = { gzip: gunzip, zstd: unzstd };

const CUSTOM_FORMAT_MAGIC = "PGDMP";
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What people pack dumps in, and we do not unpack. */
const OTHER_MAGICS: readonly (readonly [what: string, magic: string])[] = [
  ["a zip archive", "PK\x03\x04"],
  ["packed with xz", "\xfd7zXZ"],
  ["packed with bzip2", "BZh"],
  ["packed with lz4", "\x04\x22\x4d\x18"],
  ["text in UTF-16", "\xff\xfe"],
  ["text in UTF-16", "\xfe\xff"],
];

/**
 * The SQL of a dump in any form: plain, custom, tar or directory format; the last one in a tar.
 * @throws SourceDataError while reading, when the archive is damaged, holds no dump or several.
 * @throws ConfigError when it takes a pg_restore and there is none that knows it.
 */
export async function* readDumpArchive(
  stream: AsyncIterable<Uint8Array>,
  options: ScratchOptions = {},
): AsyncGenerator<Uint8Array> {
  let bytes = stream;
  for (let layer = 0; layer < LAYERS_MAX; layer += 1) {
    const { head, all } = await peek(bytes, MAGIC_BYTES);
    const compression = compressionOf(head);
    bytes = compression === "none" ? all : UNPACK[compression](all, "the dump");
    if (compression === "none") break;
  }
  const { head, all } = await peek(bytes, HEAD_BYTES);
  if (beginsWith(head, CUSTOM_FORMAT_MAGIC)) yield* sqlOfArchive("custom", all);
  else if (isTar(head)) yield* sqlOfTar(head, all, options);
  else yield* plainSql(head, all);
}

function beginsWith(head: Uint8Array, magic: string): boolean {
  return Buffer.from(head).toString("latin1", 0, magic.length) === magic;
}

async function* plainSql(
  head: Uint8Array,
  all: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const other = OTHER_MAGICS.find(([, magic]) => beginsWith(head, magic));
  if (other !== undefined) {
    throw new SourceDataError(
      `the dump is ${other[0]}, expected SQL, gzip, zstd, tar or pg_dump's own`,
      {
        hint: "unpack it, and pack it with gzip or zstd if it is to be packed",
      },
    );
  }
  let skip = BYTE_ORDER_MARK.equals(head.subarray(0, 3)) ? BYTE_ORDER_MARK.length : 0;
  for await (const chunk of all) {
    // The head came in one piece, so the mark is in the first chunk.
    yield chunk.subarray(skip);
    skip = 0;
  }
}
