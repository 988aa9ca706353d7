// Estimates the disk space that reading a bundle takes, before it is read.

import { unzstd } from "@forklift/compression";
import { type BundleFile, openBundleFile } from "./bundle/bundle-file.ts";
import { bundleOptions } from "./bundle/bundle-source.ts";
import { FRAME_SPAN_BYTES_MAX } from "./bundle/zstd-pass.ts";
import { indexDirectoryOf } from "./cache/block-cache.ts";
import { type ListBundleOptions, loadKnownIndex } from "./list-bundle.ts";

export interface BundleSpace {
  /** About; null where a server does not say how large the bundle is. */
  readonly bytes: number | null;
  readonly folder: string;
}

/**
 * Of one long zstd frame, for each of its bytes, in a store of block files packed one by one. Measured:
 * 1.02 at blocks of 0.6 MB, 1.5 at mainnet's first ones of 14 kB.
 */
const STORE_SHARE = 1.05;

/** Windows of access points, for each byte of a gzip file: 0.0155 at blocks of 0.6 MB. */
const WINDOWS_SHARE = 0.016;

/** Reads little, writes nothing. Null when the bundle needs no room, or has it already. */
export async function bundleSpace(
  url: string,
  options: ListBundleOptions,
): Promise<BundleSpace | null> {
  const { network, scratchDirectory, cache } = options;
  const { packing } = bundleOptions(url, { network, scratchDirectory });
  await using file = await openBundleFile(url, scratchDirectory);
  await using known = await loadKnownIndex(url, options);
  const outlives = cache !== undefined && file.version !== null;
  const kept = outlives ? indexDirectoryOf(cache) : scratchDirectory;
  const times = (share: number) => (file.bytes === null ? null : Math.round(share * file.bytes));
  if (packing === "zstd") {
    if (known !== null || (file.isLocal && (await hasSmallFrames(file)))) return null;
    return { bytes: times(STORE_SHARE), folder: kept };
  }
  // It is copied whole, and read from there.
  if (!file.isLocal) return { bytes: times(1), folder: scratchDirectory };
  if (packing === "none" || known !== null) return null;
  return { bytes: times(WINDOWS_SHARE), folder: kept };
}

/** As the first one is, so are all that a packer writes. */
async function hasSmallFrames(file: BundleFile): Promise<boolean> {
  let unpacked = 0;
  let frames = 0;
  const told = () => {
    frames++;
  };
  for await (const { length } of unzstd(file.chunks(), "the archive", told)) {
    if (frames > 1) return true;
    unpacked += length;
    if (unpacked > FRAME_SPAN_BYTES_MAX) return false;
  }
  return true;
}
