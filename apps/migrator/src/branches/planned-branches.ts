// What a run would write beside the chain, by the links of the source alone: which block files are missing or wrong
// is not known before they are read.

import type { BranchPlace, SourceBranches } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { parseStateHash } from "@forklift/chain";
import { nextBranchPage } from "./archive-branches.ts";
import { brokenLink } from "./linked-blocks.ts";

/** Of a page that is only listed. */
const LISTED_PER_PAGE = 1_000;

export interface PlannedBranches {
  /** Those that would be written, in the order in which they would. */
  readonly absent: readonly BlockRef[];
  /** State hashes, as the source has them, of those that stand on no block that is migrated. */
  readonly leftOut: readonly string[];
}

export const NO_BRANCHES: PlannedBranches = { absent: [], leftOut: [] };

/** Reads only. */
export async function planBranches(
  read: Parameters<typeof nextBranchPage>[0],
  branches: SourceBranches,
): Promise<PlannedBranches> {
  const absent: BlockRef[] = [];
  const leftOut = new Set<string>();
  let after: BranchPlace | null = null;
  for (;;) {
    const page = await nextBranchPage(read, branches, after, LISTED_PER_PAGE);
    for (const ref of page.absent) {
      const { parentIs, parentHash } = ref;
      const standsOnNone = parentIs === "neither" || leftOut.has(parentHash);
      if (brokenLink(ref) !== null || standsOnNone) leftOut.add(ref.stateHash);
      else absent.push({ height: ref.height, stateHash: parseStateHash(ref.stateHash) });
    }
    if (page.isLast) return { absent, leftOut: [...leftOut] };
    after = page.last;
  }
}
