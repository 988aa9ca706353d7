// Opens the block sources that the URLs of the configuration name.

import { access, constants, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { parseStoreUrl } from "@forklift/storage";
import { defined, errorCode, fileError } from "@forklift/system";
import { type BlockSources, type BlockSourcesParts, blockSources } from "./block-sources.ts";
import { isBundle } from "./bundle/bundle-packing.ts";
import { bundleSource } from "./bundle/bundle-source.ts";
import { blockCache, type CacheOptions, indexDirectoryOf } from "./cache/block-cache.ts";
import { folderSource } from "./folder/folder-source.ts";
import type { BlockSource } from "./verify/block-source.ts";
import { openBlockVerifier } from "./verify/block-verifier.ts";

export interface BlockSourcesOptions {
  /** Folders, prefixes and tar bundles, in the order in which they are queried. */
  readonly urls: readonly string[];
  readonly network: string;
  /** Has room for every remote bundle, as it is. */
  readonly scratchDirectory: string;
  /**
   * Keeps blocks of remote sources and the indexes of bundles for the next run. The bound holds
   * for the blocks; an index takes about 1 % of its bundle's unpacked size, and as much as the bundle
   * where that is one long zstd frame. A relative folder lies below the working directory.
   */
  readonly cache?: CacheOptions;
  /** Threads that verify blocks, each with some 70 MB; 0 verifies here. Default: one a core. */
  readonly threads?: number;
  /** Warns the operator of what does not stop the run. */
  readonly warn?: BlockSourcesParts["warn"];
}

/**
 * Nothing is read yet but the names of local sources.
 * @throws ConfigError for no URL, a URL of no known kind, or a local source that is not there.
 */
export async function openBlockSources(options: BlockSourcesOptions): Promise<BlockSources> {
  const { urls, network, scratchDirectory, threads, warn } = options;
  if (urls.length === 0) {
    throw new ConfigError("no source of precomputed blocks is configured", {
      hint: "give at least one folder, URL or tar archive under `blocks`",
    });
  }
  const cache = options.cache && { ...options.cache, dir: resolve(options.cache.dir) };
  const indexDirectory = cache === undefined ? null : indexDirectoryOf(cache);
  const sources: BlockSource[] = [];
  for (const text of urls) {
    const url = parseStoreUrl(text);
    await requireLocal(url);
    sources.push(
      isBundle(url)
        ? bundleSource(text, { network, scratchDirectory, indexDirectory })
        : folderSource(text, network),
    );
  }
  return blockSources(sources, network, {
    ...(cache === undefined ? {} : { cache: blockCache(cache, network) }),
    ...defined({ warn }),
    ...(threads === undefined ? {} : { verifier: openBlockVerifier({ workers: threads }) }),
  });
}

/**
 * A mistyped path would otherwise look like a folder without any of the blocks, and one that may not be
 * read would be found out when the first block is needed.
 */
async function requireLocal(url: URL): Promise<void> {
  if (url.protocol !== "file:") return;
  const expected = isBundle(url) ? "file" : "folder";
  const path = fileURLToPath(url);
  const unreadable = (error: unknown) => fileError(error, `read block source ${path}`);
  const found = await stat(path).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return null;
    throw unreadable(error);
  });
  if (expected === "file" ? found?.isFile() : found?.isDirectory()) {
    const mode = expected === "file" ? constants.R_OK : constants.R_OK | constants.X_OK;
    await access(path, mode).catch((error: unknown) => {
      throw unreadable(error);
    });
    return;
  }
  throw new ConfigError(`block source ${url.href} is not a ${expected}`, {
    hint: "check the path; a bundle ends in .tar, .tar.gz, .tgz or .tar.zst",
  });
}
