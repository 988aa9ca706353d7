// Plans how a ledger gets to every pending block that is still to be replayed: which blocks are taken back, and
// which are applied, some of them once more since a branch begins above them.

import { type PendingNode, pathTo } from "./pending-tree.ts";

export type WalkStep =
  /** As many blocks of the way stay as `depth` says. */
  | { readonly kind: "roll-back"; readonly depth: number }
  | { readonly kind: "apply"; readonly node: PendingNode };

/**
 * @param way the state hashes that the ledger has gone above the root.
 * @param wanted in walking order.
 */
export function planWalk(way: readonly string[], wanted: readonly PendingNode[]): WalkStep[] {
  const steps: WalkStep[] = [];
  let at = [...way];
  for (const node of wanted) {
    const path = pathTo(node);
    const parts = path.findIndex(({ header }, depth) => at[depth] !== header.stateHash);
    const depth = parts < 0 ? path.length : parts;
    if (depth < at.length) steps.push({ kind: "roll-back", depth });
    steps.push(...path.slice(depth).map((next) => ({ kind: "apply", node: next }) as const));
    at = path.map(({ header }) => header.stateHash);
  }
  return steps;
}
