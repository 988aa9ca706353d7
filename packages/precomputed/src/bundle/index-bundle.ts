// Indexes a bundle in one pass from its beginning to its end: where its block files lie, and what
// reading them from there needs.

import { AssertionError } from "node:assert/strict";
import { damageOf, gunzip, unzstd } from "@forklift/compression";
import { ForkliftError, SourceDataError } from "@forklift/pipeline";
import type { ScratchFile } from "../files/scratch-file.ts";
import { CutArchiveError } from "../verify/refusal.ts";
import { type AccessPoints, accessPoints } from "./access-points.ts";
import type { BundleFile } from "./bundle-file.ts";
import { BundleIndex } from "./bundle-index.ts";
import type { BundlePacking } from "./bundle-packing.ts";
import type { IndexOfBundle } from "./index-file.ts";
import { tarMembers } from "./tar-members.ts";
import { ZstdPass } from "./zstd-pass.ts";

export interface IndexOptions {
  /** For people. */
  readonly maskedUrl: string;
  readonly network: string;
  readonly packing: BundlePacking;
  /** Whether nobody will read the files. */
  readonly isOnlyListed?: boolean;
  /** Takes what reading needs beside the bundle; a plain one needs nothing. */
  openScratchFile(): Promise<ScratchFile>;
}

/** @throws SourceDataError with the position when the archive is truncated or damaged. */
export async function indexBundle(
  file: BundleFile,
  { maskedUrl, network, packing, isOnlyListed = false, openScratchFile }: IndexOptions,
): Promise<IndexOfBundle> {
  const index = new BundleIndex();
  let bytes = 0;
  const isReadInPlace = packing !== "zstd" || file.isLocal;
  const archive = eachTold(file.chunks({ isKept: isReadInPlace }), (chunk) => {
    bytes += chunk.byteLength;
  });
  const indexers = {
    none: () => indexTar(index, archive, network),
    gzip: async () => {
      const points = accessPoints(index, await openScratchFile(), maskedUrl);
      return await indexGzip(index, archive, network, points);
    },
    zstd: async () => {
      if (isOnlyListed) return await indexTar(index, unzstd(archive, "the archive"), network);
      const pass = new ZstdPass(index, { scratch: await openScratchFile(), isReadInPlace });
      return await indexZstd(archive, network, pass);
    },
  };
  try {
    const unpackedBytes = await indexers[packing]();
    return { index, bytes, unpackedBytes };
  } catch (error) {
    throw archiveError(error, maskedUrl, bytes);
  }
}

type Archive = AsyncIterable<Uint8Array>;

/** Each of them returns the bytes of the archive unpacked. */
async function indexTar(index: BundleIndex, archive: Archive, network: string): Promise<number> {
  let unpackedBytes = 0;
  const unpacked = eachTold(archive, (chunk) => {
    unpackedBytes += chunk.byteLength;
  });
  for await (const { name, ...slice } of tarMembers(unpacked, network))
    index.addMember(name, slice);
  return unpackedBytes;
}

async function indexGzip(
  index: BundleIndex,
  archive: Archive,
  network: string,
  points: AccessPoints,
): Promise<number> {
  const unpacked = eachTold(gunzipped(archive, points), (chunk) => points.unpacked(chunk));
  const unpackedBytes = await indexTar(index, unpacked, network);
  await points.unpackedEnd();
  return unpackedBytes;
}

async function indexZstd(archive: Archive, network: string, pass: ZstdPass): Promise<number> {
  let unpackedBytes = 0;
  const frames = unzstd(archive, "the archive", (offset) => pass.frame(offset));
  const unpacked = eachTold(frames, (chunk) => {
    unpackedBytes += chunk.byteLength;
    return pass.unpacked(chunk);
  });
  for await (const member of tarMembers(unpacked, network, true)) await pass.member(member);
  await pass.end();
  return unpackedBytes;
}

async function* gunzipped(
  archive: AsyncIterable<Uint8Array>,
  points: AccessPoints,
): AsyncGenerator<Uint8Array> {
  async function* packed() {
    for await (const chunk of archive) yield points.packed(chunk);
    yield points.packedEnd();
  }
  yield* gunzip(packed(), "the archive");
}

async function* eachTold(
  chunks: AsyncIterable<Uint8Array>,
  tell: (chunk: Uint8Array) => Promise<void> | undefined | void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await tell(chunk);
    yield chunk;
  }
}

/** Errors of storage say all there is to say; the others come from unpacking and the tar decoder. */
function archiveError(error: unknown, url: string, bytesRead: number): unknown {
  const isOurs = error instanceof ForkliftError || error instanceof AssertionError;
  const damage = damageOf(error);
  if ((isOurs && damage === null) || !(error instanceof Error)) return error;
  const isCut = damage?.isCut ?? /truncated|unexpected end/.test(error.message);
  const Kind = isCut ? CutArchiveError : SourceDataError;
  return new Kind(
    `${url} is ${isCut ? "cut off" : "damaged"} at byte ${bytesRead}: ${(damage ?? error).message}`,
    { cause: error, hint: "fetch the archive again and compare its size and checksum" },
  );
}
