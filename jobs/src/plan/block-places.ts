// The places of precomputed blocks, as a plan asks them: folders of this machine are listed, others
// are asked for a few blocks.

import { stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseBlockFileName } from "@forklift/chain";
import type { BlockPlace } from "@forklift/migrator";
import { type BlockSourcesOptions, openBlockSources } from "@forklift/precomputed";
import { maskUrl, openStore, parseStoreUrl } from "@forklift/storage";

/**
 * A bundle is read through before the first block can be taken from it: some ten seconds a gigabyte.
 * Up to this size a plan may take that long.
 */
const BUNDLE_BYTES_MAX = 2 * 1024 ** 3;

export interface BlockPlaces extends AsyncDisposable {
  readonly places: readonly BlockPlace[];
}

/**
 * The cache is a place like the others, asked before the first remote one; a plan only looks into it.
 * @throws ConfigError as a run would, for a place that is none.
 */
export async function openBlockPlaces({
  urls,
  network,
  scratchDirectory,
  cache,
}: BlockSourcesOptions): Promise<BlockPlaces> {
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
      places.push(await placeOf(url, network, blocks));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { places, [Symbol.asyncDispose]: close };
}

async function placeOf(url: string, network: string, blocks: OpenBlocks): Promise<BlockPlace> {
  const parsed = parseStoreUrl(url);
  if (parsed.protocol === "file:" && !isBundle(parsed)) return folderPlace(url, network);
  return {
    url: maskUrl(parsed),
    notAsked: await whyNotAsked(parsed),
    list: async () => null,
    async probe(id) {
      const before = bytesOf(blocks);
      return (await blocks.tryFetch(id)) === null ? null : bytesOf(blocks) - before;
    },
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

function isBundle({ pathname }: URL): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(pathname);
}

async function whyNotAsked(url: URL): Promise<string | null> {
  if (!isBundle(url)) return null;
  if (url.protocol !== "file:") return "a bundle far away would be fetched whole";
  const { size } = await stat(fileURLToPath(url));
  return size <= BUNDLE_BYTES_MAX ? null : "a bundle of this size takes minutes to read through";
}

async function listFolder(url: string, network: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for await (const { name, bytes } of openStore(url).list(`${network}-`)) {
    const parsed = parseBlockFileName(name);
    if (parsed?.network === network) files.set(parsed.stateHash, Number(bytes));
  }
  return files;
}
