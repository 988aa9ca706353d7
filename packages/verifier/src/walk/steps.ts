// The steps of a walk: height by height along the chain, and behind each the branches that are rooted there. What
// an earlier run has proven is not shown again; the accounts of such a block are taken over where a new block
// stands on it.

import type { Branching } from "./branch-tree.ts";
import type { BlockBelow } from "./height-rows.ts";

export interface Step {
  readonly height: bigint;
  /** What the target's rows of it are placed by: the height itself, or the ids of its blocks. */
  readonly keys: readonly string[];
  readonly ids: readonly number[];
  /** How many blocks it stands above the chain; 0 on it. */
  readonly depth: number;
  /** Null for a step of the chain. */
  readonly parent: BlockBelow | null;
  /** Of a block beside the chain, or of one of the chain that is not shown. */
  readonly stateHash: string | null;
  /** `there`: the ledger has it already. `applied`: nothing of it but the accounts, to which others follow. */
  readonly visit: "shown" | "applied" | "there";
  readonly endsHeight: boolean;
}

/** Of a target that holds nothing beside its chain, or is said to. */
export function stepAt(height: bigint): Step {
  return {
    height,
    keys: [String(height)],
    ids: [],
    depth: 0,
    parent: null,
    stateHash: null,
    visit: "shown",
    endsHeight: true,
  };
}

export interface StepOptions {
  readonly isNew: (id: number) => boolean;
  /** Above it the chain is shown. */
  readonly provenHeight: bigint;
  /** Of the block that the ledger stands at before the first step; null where that is not among the steps. */
  readonly thereHeight: bigint | null;
}

export function stepsOf(
  branchings: readonly Branching[],
  { isNew, provenHeight, thereHeight }: StepOptions,
): Step[] {
  return branchings.flatMap(({ height, chain, beside }) => {
    const wanted = wantedOf(beside, isNew);
    const steps: Omit<Step, "endsHeight">[] = [
      {
        height,
        ...idsOf(chain),
        depth: 0,
        parent: null,
        stateHash: chain[0]?.stateHash ?? null,
        visit: height > provenHeight ? "shown" : height === thereHeight ? "there" : "applied",
      },
      ...wanted.map(
        (block): Omit<Step, "endsHeight"> => ({
          height: block.height,
          ...idsOf([block]),
          depth: block.depth,
          parent: block.parent,
          stateHash: block.stateHash,
          visit: isNew(block.id) ? "shown" : "applied",
        }),
      ),
    ];
    return steps.map((step, at) => ({ ...step, endsHeight: at === steps.length - 1 }));
  });
}

function idsOf(blocks: readonly { readonly id: number }[]): Pick<Step, "ids" | "keys"> {
  const ids = blocks.map(({ id }) => id);
  return { ids, keys: ids.map(String) };
}

/** The new blocks, and the way to each of them. */
function wantedOf(beside: Branching["beside"], isNew: (id: number) => boolean) {
  let depth = 0;
  const wanted: Branching["beside"][number][] = [];
  // From the last one down: a block is wanted when one above it was.
  for (const block of [...beside].reverse()) {
    if (!isNew(block.id) && depth !== block.depth + 1) continue;
    wanted.push(block);
    depth = block.depth;
  }
  return wanted.reverse();
}
