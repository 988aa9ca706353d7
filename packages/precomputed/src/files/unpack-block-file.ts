// Unpacks a block file as it was stored, plain or packed.

import { promisify } from "node:util";
import { constants, gunzip as gunzipWhole, type ZlibOptions } from "node:zlib";
import { compressionOf, damageOf, unzstd } from "@forklift/compression";
import { SourceDataError } from "@forklift/pipeline";
import { errorCode } from "@forklift/system";
import { BLOCK_FILE_BYTES_MAX } from "../verify/block-source.ts";
import { TruncatedBlockError } from "../verify/truncated-block-error.ts";

const gunzip = promisify(gunzipWhole);

/** A `.json.gz` that a server keeps packed once more, and no more than that. */
const LAYERS_MAX = 2;

/**
 * The packing is detected by the first bytes, never by the name: a server may have unpacked a
 * `.json.gz` on its way, and may keep a `.json` packed. No JSON begins like a packed file.
 * @param name names the file in errors.
 * @throws SourceDataError for what unpacks to more than BLOCK_FILE_BYTES_MAX or is damaged; a
 * TruncatedBlockError for what ends too early.
 */
export async function unpackBlockFile(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  let plain = bytes;
  for (let layer = 0; layer < LAYERS_MAX; layer++) {
    const compression = compressionOf(plain);
    if (compression === "none") return plain;
    plain = await (compression === "gzip" ? ungzipped(plain, name) : unzstded(plain, name));
  }
  return plain;
}

/**
 * The beginning of a block file from the beginning of a stored one. Of gzip what can be unpacked, of
 * zstd nothing: its blocks of up to 128 KiB come whole or not at all.
 */
export async function unpackHead(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  let plain = bytes;
  for (let layer = 0; layer < LAYERS_MAX; layer++) {
    const compression = compressionOf(plain);
    if (compression === "none") return plain;
    if (compression === "zstd") return new Uint8Array();
    plain = await ungzipped(plain, name, { finishFlush: constants.Z_SYNC_FLUSH });
  }
  return plain;
}

async function ungzipped(
  bytes: Uint8Array,
  name: string,
  options: ZlibOptions = {},
): Promise<Uint8Array> {
  try {
    return await gunzip(bytes, { ...options, maxOutputLength: BLOCK_FILE_BYTES_MAX });
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(name);
    if (code === "Z_BUF_ERROR") throw new TruncatedBlockError(`${name} is cut off gzip`, { cause });
    if (code?.startsWith("Z_") !== true) throw cause;
    throw new SourceDataError(`${name} is damaged gzip: ${(cause as Error).message}`, {
      cause,
      hint: "get the file again",
    });
  }
}

async function unzstded(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const piece of unzstd(once(bytes), name)) {
      total += piece.length;
      if (total > BLOCK_FILE_BYTES_MAX) throw tooLarge(name);
      pieces.push(piece);
    }
  } catch (cause) {
    if (damageOf(cause)?.isCut !== true) throw cause;
    throw new TruncatedBlockError((cause as Error).message, { cause });
  }
  return Buffer.concat(pieces, total);
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function tooLarge(name: string): SourceDataError {
  return new SourceDataError(`${name} unpacks to more than ${BLOCK_FILE_BYTES_MAX} bytes`, {
    hint: "see what this file is: that of a block has a few million bytes at most",
  });
}
