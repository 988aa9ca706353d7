// The places of precomputed blocks, as a plan asks them: folders of this machine are listed, others
// are asked for a few blocks.

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseBlockFileName } from "@forklift/chain";
import type { BlockPlace } from "@forklift/migrator";
import { openBlockSources } from "@forklift/precomputed";
import { maskUrl, openStore, parseStoreUrl } from "@forklift/storage";

/**
 * A bundle is read through before the first block can be taken from it: some ten seconds a gigabyte.
 * Up to this size a plan may take that long.
 */
const BUNDLE_BYTES_MAX = 2 * 1024 ** 3;

export interface BlockPlacesOptions {
  readonly urls: readonly string[];
  readonly network: string;
  readonly scratchDirectory: string;
}

export interface BlockPlaces extends AsyncDisposable {
  readonly places: readonly BlockPlace[];
}

/** @throws ConfigError as a run would, for a place that is none. */
export async function openBlockPlaces(options: BlockPlacesOptions): Promise<BlockPlaces> {
  const opened: AsyncDisposable[] = [];
  const places: BlockPlace[] = [];
  for (const url of options.urls) {
    const blocks = await openBlockSources({ ...options, urls: [url] });
    opened.push(blocks);
    const parsed = parseStoreUrl(url);
    places.push({
      url: maskUrl(parsed),
      notAsked: await whyNotAsked(parsed),
      list: async () => (isFolder(parsed) ? await listFolder(url, options.network) : null),
      async probe(id) {
        const before = bytesOf(blocks);
        return (await blocks.tryFetch(id)) === null ? null : bytesOf(blocks) - before;
      },
    });
  }
  return {
    places,
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each[Symbol.asyncDispose]();
    },
  };
}

type OpenBlocks = Awaited<ReturnType<typeof openBlockSources>>;

function bytesOf(blocks: OpenBlocks): number {
  return blocks.statistics().reduce((sum, { bytes }) => sum + bytes, 0);
}

function isBundle({ pathname }: URL): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(pathname);
}

function isFolder(url: URL): boolean {
  return url.protocol === "file:" && !isBundle(url);
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
