// The tree that the pending blocks of a source form above a block whose ledger is known, and which of them no
// way leads to. Pure: the headers are all that it knows.

import type { PendingHeader } from "@forklift/archive";
import type { BlockRef, GlobalSlotSinceGenesis } from "@forklift/chain";

export interface PendingNode {
  readonly header: PendingHeader;
  /** Null where the parent is the root. */
  readonly parent: PendingNode | null;
  /** Of the parent: what protocol 1.x checks vesting and `valid_until` against. */
  readonly parentSlot: GlobalSlotSinceGenesis;
  /** Of the branches above it: the highest block of the highest one. */
  readonly top: bigint;
  readonly children: readonly PendingNode[];
}

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
  const nodes = new Map<string, GrowingNode>();
  const unlinked = new Map<string, UnlinkedBlock>();
  const beside = new Map<string, BlockRef>();
  for (const header of headers) {
    const { height, stateHash, parentHash, parentHeight } = header;
    const ref = { height, stateHash };
    const parent = nodes.get(parentHash) ?? null;
    const below = parentHash === root.stateHash ? root : parent?.header;
    if (below !== undefined && below.height === height - 1n) {
      const { globalSlotSinceGenesis: parentSlot } = below;
      const node = { header, parent, parentSlot, top: height, children: [] };
      nodes.set(stateHash, node);
      parent?.children.push(node);
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
  for (const node of [...nodes.values()].reverse()) {
    node.children.sort((a, b) => (a.top === b.top ? byHash(a, b) : a.top < b.top ? -1 : 1));
    if (node.parent !== null && node.parent.top < node.top) node.parent.top = node.top;
  }
  return { nodes, unlinked: [...unlinked.values()], beside: [...beside.values()] };
}

interface GrowingNode extends PendingNode {
  readonly parent: GrowingNode | null;
  top: bigint;
  readonly children: GrowingNode[];
}

function byHash(a: PendingNode, b: PendingNode): number {
  return a.header.stateHash < b.header.stateHash ? -1 : 1;
}

/** From above the root up to the node itself. */
export function pathTo(node: PendingNode): PendingNode[] {
  const path: PendingNode[] = [];
  for (let at: PendingNode | null = node; at !== null; at = at.parent) path.push(at);
  return path.reverse();
}

/**
 * Every block from that one on, each after its parent and a branch at a time; the highest branch last, so that
 * a walk ends where the chain is most likely to go on.
 * @param from null begins at the root.
 */
export function inWalkingOrder(tree: PendingTree, from: PendingNode | null): PendingNode[] {
  const firsts = [...tree.nodes.values()].filter(({ parent }) => parent === null);
  firsts.sort((a, b) => (a.top === b.top ? byHash(a, b) : a.top < b.top ? -1 : 1));
  const waiting = [...(from === null ? firsts : from.children)].reverse();
  const order: PendingNode[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    order.push(next);
    waiting.push(...[...next.children].reverse());
  }
  return order;
}
