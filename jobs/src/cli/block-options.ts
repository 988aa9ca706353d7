// Options of the commands that read precomputed blocks.

import type { BlockSourcesOptions } from "@forklift/precomputed";
import type { Command } from "commander";
import { CACHE_BYTES_MAX } from "../config/schema.ts";
import { BYTES_PER_MB } from "../output/numbers.ts";
import { countOption, urlListOption } from "./options.ts";

export interface BlockOptions {
  readonly blocks: readonly string[];
  readonly cache?: string;
  readonly cacheMaxMb?: number;
}

const BLOCKS = ["--blocks <urls>", "precomputed blocks: folder, prefix or bundle"] as const;

export function withBlockOptions(command: Command): Command {
  return withCacheOptions(command.requiredOption(...BLOCKS, urlListOption));
}

/** For a command that can do without blocks. */
export function withOptionalBlocks(command: Command): Command {
  return withCacheOptions(command.option(...BLOCKS, urlListOption));
}

function withCacheOptions(command: Command): Command {
  return command
    .option("--cache <folder>", "keep blocks from afar there, for the next run")
    .option(
      "--cache-max-mb <n>",
      `size of the cache in megabytes (default: ${CACHE_BYTES_MAX / BYTES_PER_MB})`,
      countOption,
    );
}

/** Where those options tell to look for blocks. */
export function blockPlacesOf({
  blocks,
  cache,
  cacheMaxMb,
}: BlockOptions): Pick<BlockSourcesOptions, "urls" | "cache"> {
  if (cache === undefined) return { urls: blocks };
  const maxBytes = cacheMaxMb === undefined ? CACHE_BYTES_MAX : cacheMaxMb * BYTES_PER_MB;
  return { urls: blocks, cache: { dir: cache, maxBytes } };
}
