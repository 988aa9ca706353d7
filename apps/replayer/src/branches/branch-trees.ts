// The branches that begin at a canonical block, as trees that a ledger goes up and down. Pure.

import type { BranchHeader } from "@forklift/archive";
import { GrowingTree, type TreeNode } from "../tree/block-tree.ts";

export type BranchNode = TreeNode<BranchHeader>;

/** The blocks on the branches of one fork point, by state hash, parents before their children. */
export type BranchTree = ReadonlyMap<string, BranchNode>;

/**
 * By the height of the fork point, ascending.
 * @param headers by fork point, and each block after its parent.
 */
export function branchTrees(headers: readonly BranchHeader[]): ReadonlyMap<bigint, BranchTree> {
  const trees = new Map<bigint, GrowingTree<BranchHeader>>();
  const hashes = new Map<number, string>();
  for (const header of headers) {
    const { id, parentId, stateHash, forkHeight, parentSlot } = header;
    let tree = trees.get(forkHeight);
    if (tree === undefined) {
      tree = new GrowingTree();
      trees.set(forkHeight, tree);
    }
    tree.add(header, hashes.get(parentId) ?? null, parentSlot);
    hashes.set(id, stateHash);
  }
  for (const tree of trees.values()) tree.order();
  return new Map([...trees].map(([height, { nodes }]) => [height, nodes]));
}
