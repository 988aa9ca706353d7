// The tree that the pending blocks of a source form above a block whose ledger is known, and which of them no
// way leads to. Pure: the headers are all that it knows.

import type { PendingHeader } from "@forklift/archive";
import type { BlockRef, GlobalSlotSinceGenesis } from "@forklift/chain";
import { GrowingTree, type TreeNode } from "../tree/block-tree.ts";

export type PendingNode = TreeNode<PendingHeader>;

export interface UnlinkedBlock extends BlockRef {
  /** Reads on after "block X": "has parent Y, which the source does not hold". */
  readonly reason: string;
}

export interface PendingTree {
  /** Those that a way leads to, by state hash, parents before their children. */
  readonly nodes: ReadonlyMap<string, PendingNode>;
  /** Below them a block is missing or stands at another height: nobody can say what they are. */
  readonly unlinked: readonly UnlinkedBlock[];
  /** Descend from a block beside the chain: they can never become canonical. */
  readonly beside: readonly BlockRef[];
}

export interface TreeRoot extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
}

/**
 * @param headers above the root, in ascending height.
 * @param decidedTo the height up to which the chain is decided: what hangs there has no way to it.
 */
export function pendingTree(
  root: TreeRoot,
  headers: readonly PendingHeader[],
  decidedTo: bigint,
): PendingTree {
  const tree = new GrowingTree<PendingHeader>();
  const unlinked = new Map<string, UnlinkedBlock>();
  const beside = new Map<string, BlockRef>();
  for (const header of headers) {
    const { height, stateHash, parentHash, parentHeight } = header;
    const ref = { height, stateHash };
    const parent = tree.nodes.get(parentHash) ?? null;
    const below = parentHash === root.stateHash ? root : parent?.header;
    if (below !== undefined && below.height === height - 1n) {
      tree.add(header, parent === null ? null : parentHash, below.globalSlotSinceGenesis);
    } else if (height - 1n <= decidedTo) {
      beside.set(stateHash, ref);
    } else if (parentHeight === null) {
      const reason = `has parent ${parentHash}, which the source does not hold`;
      unlinked.set(stateHash, { ...ref, reason });
    } else if (parentHeight !== height - 1n) {
      const reason = `has parent ${parentHash}, which stands at height ${parentHeight}`;
      unlinked.set(stateHash, { ...ref, reason });
    } else if (unlinked.has(parentHash)) {
      unlinked.set(stateHash, { ...ref, reason: `descends from such a block, ${parentHash}` });
    } else beside.set(stateHash, ref);
  }
  tree.order();
  return { nodes: tree.nodes, unlinked: [...unlinked.values()], beside: [...beside.values()] };
}
