// The places of precomputed blocks, as a plan asks them: folders of this machine are listed, bundles
// as far as their index is at hand, others are asked for a few blocks.

import { stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BlockPlace } from "@forklift/migrator";
import {
  type BlockSourcesOptions,
  blocksByHash,
  bundleSpace,
  isBundle,
  type ListBundleOptions,
  listIndexedBundle,
  openBlockSources,
  readBundleThrough,
} from "@forklift/precomputed";
import { maskUrl, openStore, parseStoreUrl } from "@forklift/storage";

/**
 * A bundle without an index is read through to be listed: some ten seconds a gigabyte. Up to this
 * size a plan may take that long.
 */
const BUNDLE_BYTES_MAX = 2 * 1024 ** 3;

export interface BlockPlaces extends AsyncDisposable {
  readonly places: readonly BlockPlace[];
}

/**
 * The cache is a place like the others, asked before the first remote one; a plan only looks into it.
 * @throws ConfigError as a run would, for a place that is none.
 */
export async function openBlockPlaces(options: BlockSourcesOptions): Promise<BlockPlaces> {
  const { urls, network, scratchDirectory, cache } = options;
  const opened: AsyncDisposable[] = [];
  const close = async () => {
    for (const each of opened) await each[Symbol.asyncDispose]();
  };
  const places: BlockPlace[] = [];
  const firstRemote = urls.find((url) => parseStoreUrl(url).protocol !== "file:");
  try {
    for (const url of urls) {
      if (url === firstRemote && cache !== undefined) {
        const cached = await openBlockSources({ urls: [url], network, scratchDirectory, cache });
        opened.push(cached);
        // Before the remote place stands the cache itself.
        places.push(folderPlace(pathToFileURL(cached.statistics()[0]!.url).href, network));
      }
      // Without the cache: what is probed must not be kept, for a plan writes nothing.
      const blocks = await openBlockSources({ urls: [url], network, scratchDirectory });
      opened.push(blocks);
      places.push(await placeOf(url, options, blocks));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { places, [Symbol.asyncDispose]: close };
}

async function placeOf(
  url: string,
  options: ListBundleOptions,
  blocks: OpenBlocks,
): Promise<BlockPlace> {
  const parsed = parseStoreUrl(url);
  if (isBundle(parsed)) return await bundlePlace(url, options);
  if (parsed.protocol === "file:") return folderPlace(url, options.network);
  return {
    url: maskUrl(parsed),
    notAsked: null,
    list: async () => null,
    async probe(id) {
      const before = bytesOf(blocks);
      return (await blocks.tryFetch(id)) === null ? null : bytesOf(blocks) - before;
    },
  };
}

/** Whatever can be asked of a bundle, its index tells at once; hence it is listed or not asked. */
async function bundlePlace(url: string, options: ListBundleOptions): Promise<BlockPlace> {
  const parsed = parseStoreUrl(url);
  const notAsked = await whyNotReadThrough(parsed);
  return {
    url: maskUrl(parsed),
    notAsked,
    space: () => bundleSpace(url, options),
    async list() {
      const known = await listIndexedBundle(url, options);
      if (known !== null) return byStateHash(known, options.network);
      if (notAsked !== null) return null;
      return byStateHash(await readBundleThrough(url, options), options.network);
    },
    probe: () => Promise.reject(new Error(`${url} is listed, not probed`)),
  };
}

function folderPlace(url: string, network: string): BlockPlace {
  return {
    url: maskUrl(parseStoreUrl(url)),
    notAsked: null,
    list: async () => await listFolder(url, network),
    probe: () => Promise.reject(new Error(`${url} is listed, not probed`)),
  };
}

type OpenBlocks = Awaited<ReturnType<typeof openBlockSources>>;

function bytesOf(blocks: OpenBlocks): number {
  return blocks.statistics().reduce((sum, { bytes }) => sum + bytes, 0);
}

async function whyNotReadThrough(bundle: URL): Promise<string | null> {
  if (bundle.protocol !== "file:") return "a bundle far away would be fetched whole";
  const { size } = await stat(fileURLToPath(bundle));
  return size <= BUNDLE_BYTES_MAX ? null : "a bundle of this size takes minutes to read through";
}

/** Subfolders as well: a run finds its blocks there. */
async function listFolder(url: string, network: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for await (const { name, bytes } of openStore(url).list()) files.set(name, Number(bytes));
  return byStateHash(files, network);
}

function byStateHash(
  files: ReadonlyMap<string, number>,
  network: string,
): ReadonlyMap<string, number> {
  const named = Array.from(files, ([name, bytes]) => ({ name, bytes }));
  const blocks = blocksByHash(named, network);
  return new Map(Array.from(blocks, ([hash, { bytes }]) => [hash, bytes]));
}
