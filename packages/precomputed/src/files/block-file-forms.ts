// How one block's file may be named, packed and put into folders, of which only the first form is our
// own: public buckets, operators' scripts and bundles have all of them.

import { blockFileName, parseBlockFileName, parseStateHash, type StateHash } from "@forklift/chain";
import type { BlockId } from "../verify/block-source.ts";

export interface ClaimedBlock {
  /** Null where the name has none, as those of mainnet's bucket below height 25,705. */
  readonly height: bigint | null;
  readonly stateHash: StateHash;
  /** Of several files for one block the lowest is taken first: the ordinary name is 0. */
  readonly rank: number;
}

const PACKINGS = ["", ".gz", ".zst"];

/** Folders of so many heights: `25000-25999/`. */
const RANGE_HEIGHTS = 1000n;

/** The names without folders, in the order of their ranks. */
export function blockFileNames(network: string, { height, stateHash }: BlockId): string[] {
  return [blockFileName({ network, height, stateHash }), `${network}-${stateHash}.json`].flatMap(
    (name) => PACKINGS.map((packing) => name + packing),
  );
}

/** What the name of a file claims, in whatever folder it lies; null for a name that is none of ours. */
export function parseBlockName(path: string, network: string): ClaimedBlock | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const at = Math.max(
    0,
    PACKINGS.findLastIndex((packing) => name.endsWith(packing)),
  );
  const bare = name.slice(0, name.length - PACKINGS[at]!.length);
  const long = parseBlockFileName(bare);
  if (long?.network === network) return { ...long, rank: at };
  const prefix = `${network}-`;
  if (!bare.startsWith(prefix) || !bare.endsWith(".json")) return null;
  try {
    const stateHash = parseStateHash(bare.slice(prefix.length, -".json".length));
    return { height: null, stateHash, rank: PACKINGS.length + at };
  } catch {
    return null;
  }
}

/** Folders below a source that cannot be listed, in which a block may lie. */
export function blockFolders({ height }: BlockId): string[] {
  const first = height - (height % RANGE_HEIGHTS);
  return ["", `${height}/`, `${first}-${first + RANGE_HEIGHTS - 1n}/`];
}

/**
 * One entry for each block that some names claim, however many files it has: the one that would be
 * taken first.
 */
export function blocksByHash<Named extends { readonly name: string }>(
  files: Iterable<Named>,
  network: string,
): Map<string, Named> {
  const ranks = new Map<string, number>();
  const blocks = new Map<string, Named>();
  for (const file of files) {
    const claimed = parseBlockName(file.name, network);
    if (claimed === null) continue;
    const { stateHash, rank } = claimed;
    const known = ranks.get(stateHash);
    if (known !== undefined && known < rank) continue;
    ranks.set(stateHash, rank);
    blocks.set(stateHash, file);
  }
  return blocks;
}
