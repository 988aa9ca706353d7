// Which blocks of branches stand on one that is migrated: the others are left out. Pure.

import type { BranchRef, MigratedBlock } from "@forklift/archive";
import type { LeftOutBlock } from "./left-out-blocks.ts";
import { isLeftOut, type MergedBranchBlock } from "./merge-branches.ts";

export interface LinkedBlocks {
  readonly taken: readonly MigratedBlock[];
  readonly leftOut: readonly LeftOutBlock[];
}

/**
 * Heights descend from child to parent, so that in ascending order a parent is decided on first, and a block in
 * a circle of links is left out.
 * @param merged what each of the blocks came to.
 * @param held state hashes of those parents that the target holds.
 */
export function linkBlocks(
  refs: readonly BranchRef[],
  merged: readonly MergedBranchBlock[],
  held: ReadonlySet<string>,
): LinkedBlocks {
  const taken = new Map<string, MigratedBlock>();
  const leftOut: LeftOutBlock[] = [];
  for (const [at, ref] of refs.entries()) {
    const block = merged[at]!;
    const broken = brokenLink(ref);
    if (broken !== null) leftOut.push(broken);
    else if (isLeftOut(block)) leftOut.push(block);
    else if (held.has(ref.parentHash) || taken.has(ref.parentHash)) {
      taken.set(ref.stateHash, block);
    } else leftOut.push(standsOnLeftOut(ref));
  }
  return { taken: [...taken.values()], leftOut };
}

/** Null where its parent stands right below it in the source. */
export function brokenLink(ref: BranchRef): LeftOutBlock | null {
  const { height, stateHash, parentHash, parentHeight } = ref;
  const leftOut = (reason: string) => ({ height, stateHash, cause: "parent" as const, reason });
  if (parentHeight === null) return leftOut(`its parent ${parentHash} is not in the source`);
  if (parentHeight !== height - 1n) {
    return leftOut(`its parent ${parentHash} stands at height ${parentHeight} of the source`);
  }
  return null;
}

function standsOnLeftOut({ height, stateHash, parentHash, parentIs }: BranchRef): LeftOutBlock {
  const why = parentIs === "neither" ? "is not migrated" : "is left out";
  return { height, stateHash, cause: "parent", reason: `its parent ${parentHash} ${why}` };
}
