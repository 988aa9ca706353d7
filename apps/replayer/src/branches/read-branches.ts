// Reads the blocks on the branches of fork points, with what is known of each before it is applied.

import { readBranchBalances, readReplayCommands } from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import { inWalkingOrder, type TreeNode } from "../tree/block-tree.ts";
import { nodesOf, planWalk, type WalkStep } from "../tree/plan-walk.ts";
import { replayBlockOf } from "../tree/read-nodes.ts";
import type { BranchNode, BranchTree } from "./branch-trees.ts";
import type { BranchBlock } from "./branch-walk.ts";

/** A walk from a fork point and back to it. */
export interface BranchesToReplay {
  readonly steps: readonly WalkStep[];
  /** In the order in which the steps apply them. */
  readonly blocks: readonly BranchBlock[];
}

export interface BranchReader {
  readonly target: Session;
  /** The old archive; null reads no balances. */
  readonly balances: Session | null;
}

/** Without a step where nothing is wanted. */
export function planBranches(
  tree: BranchTree,
  isWanted: (node: BranchNode) => boolean = () => true,
): readonly WalkStep[] {
  const steps = planWalk([], inWalkingOrder(tree.values()).filter(isWanted));
  return steps.length === 0 ? [] : [...steps, { kind: "roll-back", depth: 0 }];
}

/**
 * All branches of some fork points at once.
 * @param trees by height of the fork point.
 */
export async function readBranches(
  reader: BranchReader,
  trees: ReadonlyMap<bigint, BranchTree>,
): Promise<ReadonlyMap<bigint, BranchesToReplay>> {
  const plans = [...trees].map(([height, tree]) => [height, planBranches(tree)] as const);
  const blocks = await readBranchBlocks(
    reader,
    plans.flatMap(([_height, steps]) => nodesOf(steps)),
  );
  let from = 0;
  return new Map(
    plans.map(([height, steps]) => {
      const to = from + nodesOf(steps).length;
      const own = blocks.slice(from, to);
      from = to;
      return [height, { steps, blocks: own }];
    }),
  );
}

/**
 * In the order of the nodes.
 * @param recorded ids of those whose accounts the target holds.
 */
export async function readBranchBlocks(
  { target, balances: source }: BranchReader,
  nodes: readonly TreeNode[],
  recorded: ReadonlySet<number> = new Set(),
): Promise<BranchBlock[]> {
  if (nodes.length === 0) return [];
  const headers = nodes.map(({ header }) => header);
  const ids = headers.map(({ id }) => id);
  const commands = await readReplayCommands(target, ids);
  const balances = source === null ? null : await readBranchBalances(source, headers);
  return nodes.map((node) => {
    const { id, stateHash } = node.header;
    return {
      block: replayBlockOf(node, commands.get(id) ?? []),
      balances: balances?.get(stateHash) ?? null,
      isRecorded: recorded.has(id),
    };
  });
}
