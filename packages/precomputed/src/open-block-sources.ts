// From the URLs of the configuration to places that can be asked for blocks.

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { parseStoreUrl } from "@forklift/storage";
import type { BlockSource } from "./block-source.ts";
import { type BlockSources, blockSources } from "./block-sources.ts";
import { bundleSource, isBundle } from "./bundle-source.ts";
import { folderSource } from "./folder-source.ts";

export interface BlockSourcesOptions {
  /** Folders, prefixes and tar bundles, in the order in which they are asked. */
  readonly urls: readonly string[];
  readonly network: string;
  /** Has room for the compressed blocks of every bundle that is not a plain local `.tar`. */
  readonly scratchDirectory: string;
}

/**
 * Nothing is read yet but the names of local places.
 * @throws ConfigError for no URL, a URL of no known kind, or a local place that is not there.
 */
export async function openBlockSources(options: BlockSourcesOptions): Promise<BlockSources> {
  const { urls, network } = options;
  if (urls.length === 0) {
    throw new ConfigError("no source of precomputed blocks is configured", {
      hint: "give at least one folder, URL or tar archive under `blocks`",
    });
  }
  const sources: BlockSource[] = [];
  for (const text of urls) {
    const url = parseStoreUrl(text);
    await requireLocal(url);
    sources.push(isBundle(url) ? bundleSource(text, options) : folderSource(text, network));
  }
  return blockSources(sources, network);
}

/** A mistyped path would otherwise look like a folder without any of the blocks. */
async function requireLocal(url: URL): Promise<void> {
  if (url.protocol !== "file:") return;
  const expected = isBundle(url) ? "file" : "folder";
  const found = await stat(fileURLToPath(url)).catch(() => null);
  if (expected === "file" ? found?.isFile() : found?.isDirectory()) return;
  throw new ConfigError(`block source ${url.href} is not a ${expected}`, {
    hint: "check the path; a bundle ends in .tar, .tar.gz or .tgz",
  });
}
