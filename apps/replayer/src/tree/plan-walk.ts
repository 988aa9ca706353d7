// Plans how a ledger gets to every block of a tree that is still to be replayed: which blocks are taken back,
// and which are applied, some of them once more since a branch begins above them.

import { pathTo, type TreeHeader, type TreeNode } from "./block-tree.ts";

export type WalkStep<Header extends TreeHeader = TreeHeader> =
  /** As many blocks of the way stay as `depth` says. */
  | { readonly kind: "roll-back"; readonly depth: number }
  | { readonly kind: "apply"; readonly node: TreeNode<Header> };

/**
 * @param way the state hashes that the ledger has gone above the root.
 * @param wanted in walking order.
 */
export function planWalk<Header extends TreeHeader>(
  way: readonly string[],
  wanted: readonly TreeNode<Header>[],
): WalkStep<Header>[] {
  const steps: WalkStep<Header>[] = [];
  let at = [...way];
  let last: TreeNode<Header> | null = null;
  for (const node of wanted) {
    // Along a branch, however long it is, nobody looks for the way.
    if (last !== null && node.parent === last) {
      steps.push({ kind: "apply", node });
      at.push(node.header.stateHash);
    } else {
      const path = pathTo(node);
      const parts = path.findIndex(({ header }, depth) => at[depth] !== header.stateHash);
      const depth = parts < 0 ? path.length : parts;
      if (depth < at.length) steps.push({ kind: "roll-back", depth });
      steps.push(...path.slice(depth).map((next) => ({ kind: "apply", node: next }) as const));
      at = path.map(({ header }) => header.stateHash);
    }
    last = node;
  }
  return steps;
}

export function nodesOf<Header extends TreeHeader>(
  steps: readonly WalkStep<Header>[],
): TreeNode<Header>[] {
  return steps.flatMap((step) => (step.kind === "apply" ? [step.node] : []));
}
