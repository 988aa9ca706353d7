// The fork points with branches that are still to be replayed, in ascending height, found window by window.

import { readBranchHeaders, recordedBlocks } from "@forklift/archive";
import { least } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { nodesOf, type WalkStep } from "../tree/plan-walk.ts";
import { branchTrees } from "./branch-trees.ts";
import { planBranches } from "./read-branches.ts";

/** Heights whose branches are looked at together; of each block 0.3 kB. */
const WINDOW_HEIGHTS = 100n;

export interface Fork {
  readonly height: bigint;
  /** From the fork point to every block whose accounts are not recorded, and back. */
  readonly steps: readonly WalkStep[];
  /** Ids of blocks that are but on the way. */
  readonly recorded: ReadonlySet<number>;
  /** Whether no other one follows. */
  readonly isLast: boolean;
}

interface Heights {
  readonly from: bigint;
  readonly to: bigint;
}

export async function* readForks(
  target: Session,
  heights: Heights,
): AsyncGenerator<Fork, undefined> {
  let waiting: Fork | null = null;
  for await (const fork of readWindows(target, heights)) {
    if (waiting !== null) yield { ...waiting, isLast: false };
    waiting = fork;
  }
  if (waiting !== null) yield waiting;
}

async function* readWindows(
  target: Session,
  { from: first, to: last }: Heights,
): AsyncGenerator<Fork> {
  for (let from = first; from <= last; from += WINDOW_HEIGHTS) {
    const range = { from, to: least(from + WINDOW_HEIGHTS - 1n, last) };
    const headers = await readBranchHeaders(target, range);
    const recorded = await recordedBlocks(
      target,
      headers.map(({ id }) => id),
    );
    for (const [height, tree] of branchTrees(headers)) {
      const steps = planBranches(tree, ({ header }) => !recorded.has(header.id));
      if (nodesOf(steps).length > 0) yield { height, steps, recorded, isLast: true };
    }
  }
}
