// Opens the sources of precomputed blocks for a plan: local folders are listed, bundles as far as
// their index is at hand, and remote sources are probed for a few blocks.

import { stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
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
import type { SourceProbe } from "./plan-blocks.ts";

/**
 * A bundle without an index is read through to be listed: some ten seconds a gigabyte. Up to this
 * size a plan may take that long.
 */
const BUNDLE_BYTES_MAX = 2 * 1024 ** 3;

export interface SourceProbes extends AsyncDisposable {
  readonly probes: readonly SourceProbe[];
}

/**
 * The cache is a source like the others, read before the first remote one; a plan only lists it.
 * @throws ConfigError as a run would, for a URL that is none.
 */
export async function openSourceProbes(options: BlockSourcesOptions): Promise<SourceProbes> {
  const { urls, network, scratchDirectory, cache } = options;
  const opened: AsyncDisposable[] = [];
  const close = async () => {
    for (const each of opened) await each[Symbol.asyncDispose]();
  };
  const probes: SourceProbe[] = [];
  const firstRemote = urls.find((url) => parseStoreUrl(url).protocol !== "file:");
  try {
    for (const url of urls) {
      if (url === firstRemote && cache !== undefined) {
        const cached = await openBlockSources({ urls: [url], network, scratchDirectory, cache });
        opened.push(cached);
        // Before the remote source stands the cache itself.
        probes.push(folderProbe(pathToFileURL(cached.statistics()[0]!.url).href, network));
      }
      // Without the cache: what is probed must not be kept, for a plan writes nothing.
      const blocks = await openBlockSources({ urls: [url], network, scratchDirectory });
      opened.push(blocks);
      probes.push(await probeOf(url, options, blocks));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { probes, [Symbol.asyncDispose]: close };
}

async function probeOf(
  url: string,
  options: ListBundleOptions,
  blocks: OpenBlocks,
): Promise<SourceProbe> {
  const parsed = parseStoreUrl(url);
  if (isBundle(parsed)) return await bundleProbe(url, options);
  if (parsed.protocol === "file:") return folderProbe(url, options.network);
  return {
    url: maskUrl(parsed),
    notAsked: null,
    list: async () => null,
    async probe(id) {
      const before = bytesOf(blocks);
      return (await blocks.fetchIfPresent(id)) === null ? null : bytesOf(blocks) - before;
    },
  };
}

/** The index of a bundle answers every query at once; hence a bundle is listed or not asked. */
async function bundleProbe(url: string, options: ListBundleOptions): Promise<SourceProbe> {
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

function folderProbe(url: string, network: string): SourceProbe {
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

/** Why a plan does not read a bundle without an index; null where it does. */
export async function whyNotReadThrough(bundle: URL): Promise<string | null> {
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
