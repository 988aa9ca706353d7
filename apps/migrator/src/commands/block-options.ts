// Options of the commands that read precomputed blocks.

import { BYTES_PER_MB, countOption, type GroundOptions, urlListOption } from "@forklift/console";
import {
  type BlockSourcesOptions,
  CACHE_BYTES_MAX,
  type CommandGrounds,
} from "@forklift/precomputed";
import type { Command } from "commander";

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
    .option("--cache <folder>", "keep blocks of remote sources there, for the next run")
    .option(
      "--cache-max-mb <n>",
      `size of the cache in megabytes (default: ${CACHE_BYTES_MAX / BYTES_PER_MB})`,
      countOption,
    );
}

/** The sources of blocks that those options name. */
export function blockSourcesOf({
  blocks,
  cache,
  cacheMaxMb,
}: BlockOptions): Pick<BlockSourcesOptions, "urls" | "cache"> {
  if (cache === undefined) return { urls: blocks };
  const maxBytes = cacheMaxMb === undefined ? CACHE_BYTES_MAX : cacheMaxMb * BYTES_PER_MB;
  return { urls: blocks, cache: { dir: cache, maxBytes } };
}

/** What the commands of those blocks are to rest on besides; in commands that are no job, nothing by default. */
export function groundsOf({ signatures, agree }: GroundOptions): CommandGrounds {
  return { signatures: signatures ?? { which: "none" }, agree: agree ?? 1 };
}
