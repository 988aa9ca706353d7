// Trees of blocks that a ledger goes up and down, and the order in which it does so. Pure.

import type { BlockRef, GlobalSlotSinceGenesis, LedgerHash } from "@forklift/chain";

/** What is known of a block before its commands are read. */
export interface TreeHeader extends BlockRef {
  /** In the database that it was read from. */
  readonly id: number;
  /** As it stands in the table. */
  readonly ledgerHash: LedgerHash;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
}

export interface TreeNode<Header extends TreeHeader = TreeHeader> {
  readonly header: Header;
  /** Null where the parent is the root. */
  readonly parent: TreeNode<Header> | null;
  /** Of the parent: what protocol 1.x checks vesting and `valid_until` against. */
  readonly parentSlot: GlobalSlotSinceGenesis;
  /** Of the branches above it: the highest block of the highest one. */
  readonly top: bigint;
  readonly children: readonly TreeNode<Header>[];
}

interface GrowingNode<Header extends TreeHeader> extends TreeNode<Header> {
  readonly parent: GrowingNode<Header> | null;
  top: bigint;
  readonly children: GrowingNode<Header>[];
}

/** A tree that is told of its blocks, each after its parent. */
export class GrowingTree<Header extends TreeHeader> {
  readonly #nodes = new Map<string, GrowingNode<Header>>();

  /** By state hash, parents before their children. */
  get nodes(): ReadonlyMap<string, TreeNode<Header>> {
    return this.#nodes;
  }

  /** @param parentHash of a node; null where the parent is the root. */
  add(header: Header, parentHash: string | null, parentSlot: GlobalSlotSinceGenesis): void {
    const parent = parentHash === null ? null : this.#nodes.get(parentHash)!;
    const node = { header, parent, parentSlot, top: header.height, children: [] };
    this.#nodes.set(header.stateHash, node);
    parent?.children.push(node);
  }

  /** To be called once all are there: finds the tops, and puts branches into the order of a walk. */
  order(): void {
    for (const node of [...this.#nodes.values()].reverse()) {
      node.children.sort(byTop);
      if (node.parent !== null && node.parent.top < node.top) node.parent.top = node.top;
    }
  }
}

/** By state hash where two branches are as high. */
function byTop({ top, header }: TreeNode, other: TreeNode): number {
  if (top !== other.top) return top < other.top ? -1 : 1;
  return header.stateHash < other.header.stateHash ? -1 : 1;
}

/** From above the root up to the node itself. */
export function pathTo<Header extends TreeHeader>(node: TreeNode<Header>): TreeNode<Header>[] {
  const path: TreeNode<Header>[] = [];
  for (let at: TreeNode<Header> | null = node; at !== null; at = at.parent) path.push(at);
  return path.reverse();
}

/**
 * Every block from that one on, each after its parent and a branch at a time; the highest branch last, so that
 * a walk ends where the chain is most likely to go on.
 * @param from null begins at the root.
 */
export function inWalkingOrder<Header extends TreeHeader>(
  nodes: Iterable<TreeNode<Header>>,
  from: TreeNode<Header> | null = null,
): TreeNode<Header>[] {
  const firsts = from?.children ?? [...nodes].filter(({ parent }) => parent === null).sort(byTop);
  const waiting = [...firsts].reverse();
  const order: TreeNode<Header>[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    order.push(next);
    waiting.push(...[...next.children].reverse());
  }
  return order;
}
