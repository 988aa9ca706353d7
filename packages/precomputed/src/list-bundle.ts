// Lists the block files of a bundle for a plan: nothing is kept, and nothing is fetched whole.

import { join } from "node:path";
import { statIfThere } from "@forklift/system";
import { openBundleFile } from "./bundle/bundle-file.ts";
import { bundleOptions } from "./bundle/bundle-source.ts";
import { indexFileName, type LoadedIndex, loadIndex } from "./bundle/index-file.ts";
import { bundleIdentity, openTarReader } from "./bundle/tar-reader.ts";
import { indexDirectoryOf } from "./cache/block-cache.ts";
import type { Slice } from "./files/scratch-file.ts";
import type { BlockSourcesOptions } from "./open-block-sources.ts";

export type ListBundleOptions = Pick<BlockSourcesOptions, "network" | "scratchDirectory" | "cache">;

/**
 * Bytes by file name, from the index that an earlier run has left in the cache. Null when there is
 * none of this very bundle: then only a pass over the bundle would show them.
 */
export async function listIndexedBundle(
  url: string,
  options: ListBundleOptions,
): Promise<ReadonlyMap<string, number> | null> {
  await using known = await loadKnownIndex(url, options);
  return known === null ? null : bytesByName(known.index.members());
}

/** The same, from the bundle itself. The index that comes about is not kept. */
export async function readBundleThrough(
  url: string,
  { network, scratchDirectory }: ListBundleOptions,
): Promise<ReadonlyMap<string, number>> {
  const bundle = bundleOptions(url, { network, scratchDirectory });
  await using reader = await openTarReader({ ...bundle, isOnlyListed: true });
  return bytesByName(reader.members());
}

export async function loadKnownIndex(
  url: string,
  { network, scratchDirectory, cache }: ListBundleOptions,
): Promise<LoadedIndex | null> {
  if (cache === undefined) return null;
  const indexDirectory = indexDirectoryOf(cache);
  const bundle = bundleOptions(url, { network, scratchDirectory });
  const { maskedUrl } = bundle;
  const name = indexFileName({ url: maskedUrl, network });
  // Looked up first, so that a remote bundle is not opened in vain.
  if ((await statIfThere(join(indexDirectory, name))) === null) return null;
  await using file = await openBundleFile(url, scratchDirectory);
  if (file.version === null) return null;
  return await loadIndex(indexDirectory, bundleIdentity(bundle, file.version));
}

function bytesByName(members: Iterable<{ readonly name: string } & Slice>) {
  return new Map(Array.from(members, ({ name, bytes }) => [name, bytes] as const));
}
