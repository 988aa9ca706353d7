// Default estimates of the time and space of a migration: figures measured on real blocks, with
// their origin.

import type { ServerSettings } from "@forklift/postgres";

/**
 * Bytes of the migrated archive, its indexes included, for each byte of the pre-fork one. Measured on
 * mainnet's dump of 2021-03-23, migrated to height 1735: 22.0 MB became 16.2 MB, since orphans and
 * balances stay behind. A replay adds `accounts_accessed`.
 */
const TARGET_BYTES_PER_SOURCE_BYTE = 0.74;

/**
 * Bytes of one block file, for want of a better figure: the published bundle of mainnet's canonical
 * blocks of March 2024 unpacks to 220 GB. Early blocks are far smaller, 14 kB up to height 1735.
 */
export const BLOCK_FILE_BYTES = 630_000;

/**
 * Blocks a second on two cores, with block files in a local folder and PostgreSQL on the same
 * machine: 1685 blocks of mainnet, up to height 1735, in 4.3 s.
 */
export const COPY_BLOCKS_PER_SECOND = 388;
export const RATE_ORIGIN =
  "mainnet to height 1735, files of 14 kB, two cores, all on one machine; larger blocks take longer";

/** Bytes of the migrated archive for each block, where there is no source: of the same 1735 blocks, which hold few commands. */
const TARGET_BYTES_PER_BLOCK = 9_300;

/** Blocks a second that the walk along block files goes down by: 2,024 blocks of mainnet, with their orphans, in 3.7 s. */
export const PICK_BLOCKS_PER_SECOND = 540;
export const PICK_RATE_ORIGIN =
  "mainnet to height 2025 from its bundle, two cores that were busy besides; a bucket takes longer";

/** What the range adds to the target, of a source whose chain ends at a height; by blocks where there is none. */
export function estimatedBytes(
  servers: readonly ServerSettings[],
  { blockCount, height }: { readonly blockCount: number; readonly height: number },
): number {
  const source = servers.find(({ role }) => role === "source");
  if (source === undefined) return blockCount * TARGET_BYTES_PER_BLOCK;
  const share = height === 0 ? 0 : blockCount / height;
  return Math.round((source.databaseBytes ?? 0) * TARGET_BYTES_PER_SOURCE_BYTE * share);
}
