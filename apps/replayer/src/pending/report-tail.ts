// Sums up a look at the pending tail. Pure.

import { type BlockRef, least } from "@forklift/chain";
import type { Verdict } from "./judge-pending.ts";
import type { NotProven, PendingReport, PendingTip } from "./pending-report.ts";
import type { PendingNode, UnlinkedBlock } from "./pending-tree.ts";

export interface SeenTail {
  /** That the tail stands on. */
  readonly block: BlockRef;
  /** Its descendants in ascending height. */
  readonly nodes: readonly PendingNode[];
  /** Two heights above the block, or more. */
  readonly unlinked: readonly UnlinkedBlock[];
  readonly beside: number;
  /** The first of those that were left out, since there were too many; null when none were. */
  readonly cutAt: BlockRef | null;
  readonly applied: number;
}

export function reportTail(seen: SeenTail, verdict: Verdict): PendingReport {
  const { block, nodes, unlinked, beside, cutAt, applied } = seen;
  const { proven, differences } = verdict;
  const notProven = [...verdict.notProven, ...unlinked, ...leftOut(cutAt)].sort(byHeight);
  const top = nodes.at(-1)?.header.height ?? block.height;
  const lastProven = [
    ...[...differences, ...notProven].map(({ height }) => height - 1n),
    // At the height below such a block one is missing, or may be.
    ...unlinked.map(({ height }) => height - 2n),
  ];
  const successors = nodes.filter(({ header }) => header.parentHash === block.stateHash).length;
  return {
    height: block.height,
    stateHash: block.stateHash,
    provenTo: least(top, ...lastProven),
    blocks: nodes.length,
    proven: proven.size,
    forks: nodes.filter(({ children }) => children.length > 1).length + (successors > 1 ? 1 : 0),
    tips: tipsOf(block, nodes, proven),
    differences,
    notProven,
    cutAt,
    beside,
    applied,
  };
}

function leftOut(cutAt: BlockRef | null): NotProven[] {
  if (cutAt === null) return [];
  const reason = "is left out, with those above it: more blocks are pending than are replayed";
  return [{ ...cutAt, reason }];
}

function tipsOf(
  block: BlockRef,
  nodes: readonly PendingNode[],
  proven: ReadonlySet<string>,
): PendingTip[] {
  const provenTo = new Map<string, bigint>([[block.stateHash, block.height]]);
  for (const { header } of nodes) {
    const below = provenTo.get(header.parentHash)!;
    const isNext = below === header.height - 1n && proven.has(header.stateHash);
    provenTo.set(header.stateHash, isNext ? header.height : below);
  }
  return nodes
    .filter(({ children }) => children.length === 0)
    .map(({ header: { height, stateHash } }) => {
      return { height, stateHash, provenTo: provenTo.get(stateHash)! };
    })
    .sort((a, b) => byHeight(b, a));
}

function byHeight(a: BlockRef, b: BlockRef): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  return a.stateHash < b.stateHash ? -1 : 1;
}
