// The one walk of a verification: up from what was proven or walked to the tip, everything that stands at a
// height gathered once and shown to every check that follows; behind it each block of the branches that leave the
// chain there, on the ledger of its branch.

import { readAhead, StoppedError } from "@forklift/pipeline";
import type { Row } from "../compare-rows.ts";
import { NOTHING_HEALED } from "../healed.ts";
import { BlocksInOrder } from "./blocks-in-order.ts";
import type { BlockBelow, HeightRows } from "./height-rows.ts";
import { readStretches } from "./read-stretches.ts";
import type { Scope } from "./scope.ts";
import { SourceChain } from "./source-chain.ts";
import type { Step } from "./steps.ts";

const STRETCHES_AHEAD = 1;

/**
 * Must stand in a snapshot of the target, with `WALK_SETTINGS`.
 * @throws StoppedError when the signal was aborted.
 */
export async function* walk(scope: Scope, signal: AbortSignal): AsyncGenerator<HeightRows> {
  const { below, provenHeight, rebuilt } = scope;
  const above = scope.walked?.height ?? provenHeight;
  const chain = await findSourceChain(scope, above);
  const blocks = scope.blocks && new BlocksInOrder(scope, scope.blocks);
  const stretches = readStretches(scope, chain, (firsts) => blocks?.ask(firsts));
  const ahead = readAhead(stretches, { weightOf: () => 1, weightMax: STRETCHES_AHEAD });
  let lower: BlockBelow | null = below;
  try {
    for await (const { steps, rowsOf } of ahead) {
      for (const step of steps) {
        if (signal.aborted) throw new StoppedError("stopped by a signal in the middle of a walk");
        const rows = rowsOf(step);
        rebuilt.standFor(step.depth);
        if (step.visit === "applied") rebuilt.apply(rows.accessed);
        if (step.visit === "shown") {
          const precomputed = blocks && (await blocks.at(rows));
          yield {
            ...withHealed(rows, scope),
            ...placeOf(step),
            below: step.parent ?? lower,
            precomputed: () => {
              if (precomputed instanceof Error) throw precomputed;
              if (precomputed === null)
                throw new Error("this verification has no precomputed blocks");
              return precomputed;
            },
            ...rebuilt.apply(rows.accessed),
          };
        }
        if (step.depth === 0) lower = blockOf(step, rows.blocks[0]);
      }
    }
    rebuilt.standFor(0);
  } finally {
    await blocks?.close();
  }
}

async function findSourceChain(
  { source, target, tip, healed = NOTHING_HEALED }: Scope,
  above: bigint,
): Promise<SourceChain | null> {
  if (source === null) return null;
  if (healed.size === 0) return await SourceChain.find(source, tip, above);
  return await SourceChain.findByHash({ source, target }, tip, above);
}

function withHealed<Rows extends Pick<HeightRows, "source" | "blocks">>(
  rows: Rows,
  { healed = NOTHING_HEALED }: Scope,
): Rows {
  const parts = healed.get(rows.blocks[0]?.["state_hash"] ?? "");
  if (rows.source === null || parts === undefined) return rows;
  return { ...rows, source: { ...rows.source, healed: parts } };
}

function placeOf({ height, stateHash, depth, endsHeight }: Step) {
  const isBeside = depth > 0;
  const place = isBeside
    ? `height ${height}, block ${stateHash} beside the chain`
    : `height ${height}`;
  return { height, place, isBeside, endsHeight };
}

function blockOf({ height, stateHash }: Step, row: Row | undefined): BlockBelow {
  return { height, stateHash: stateHash ?? row?.["state_hash"] ?? "a block at the height below" };
}
