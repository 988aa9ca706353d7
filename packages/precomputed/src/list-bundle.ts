// The block files of a bundle, as a plan asks for them: nothing is kept, and nothing is fetched whole.

import { join } from "node:path";
import { indexDirectoryOf } from "./block-cache.ts";
import { openBundleFile } from "./bundle-file.ts";
import { bundleOptions } from "./bundle-source.ts";
import { indexFileName, type LoadedIndex, loadIndex } from "./index-file.ts";
import type { BlockSourcesOptions } from "./open-block-sources.ts";
import { statIfThere } from "./partial-files.ts";
import { bundleIdentity, openShelf } from "./shelf.ts";
import type { Slice } from "./spool.ts";

export type ListBundleOptions = Pick<BlockSourcesOptions, "network" | "scratchDirectory" | "cache">;

/**
 * Bytes by file name, from the index that an earlier run has left in the cache. Null when there is
 * none of this very bundle: then only reading it through would tell.
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
  await using shelf = await openShelf({ ...bundle, isOnlyListed: true });
  return bytesByName(shelf.members());
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
  // Asked first, so that a bundle far away is not opened in vain.
  if ((await statIfThere(join(indexDirectory, name))) === null) return null;
  await using file = await openBundleFile(url, scratchDirectory);
  if (file.version === null) return null;
  return await loadIndex(indexDirectory, bundleIdentity(bundle, file.version));
}

function bytesByName(members: Iterable<{ readonly name: string } & Slice>) {
  return new Map(Array.from(members, ({ name, bytes }) => [name, bytes] as const));
}
