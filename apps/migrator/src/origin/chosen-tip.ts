// Where a chain ends that is picked from block files: in the block that is named, in the preset's last pre-fork
// block, or in the best tip that the places of block files show.

import { findTargetRef, type StopPoint } from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { SourceDataError, UsageError } from "@forklift/pipeline";
import { bestTip, findBlock } from "@forklift/precomputed";
import type { OriginContext } from "./origin.ts";

/**
 * @throws UsageError when two stop options disagree, or nothing tells the height of the named block.
 * @throws SourceDataError when no place shows a tip.
 */
export async function chosenTip(
  context: Omit<OriginContext, "source">,
  { forkStateHash, stopAtHeight }: StopPoint,
): Promise<BlockRef> {
  const { network, blocks } = context;
  if (forkStateHash === null && stopAtHeight !== null) {
    throw new UsageError(
      `--stop-at-height ${stopAtHeight} names no block: of the files of that height, only a state hash says which is meant`,
      { hint: "give --fork-state-hash with it, or leave both out" },
    );
  }
  const named = forkStateHash ?? network.lastPreForkBlock?.stateHash ?? null;
  if (named === null) return (await endOfFiles(context)) ?? noEnd(network);
  const known = await knownHeight(context, named);
  if (known !== null && stopAtHeight !== null && known !== stopAtHeight) {
    throw new UsageError(
      `--fork-state-hash ${named} stands at height ${known}, --stop-at-height says ${stopAtHeight}`,
      { hint: "give one of them, or two that agree" },
    );
  }
  const height = known ?? stopAtHeight;
  if (height !== null) return { height, stateHash: named };
  const found = await findBlock(blocks, named);
  if (found !== null) return found;
  throw new UsageError(
    `no place of block files that can be listed has block ${named}, so that nothing tells its height`,
    { hint: "give its height with --stop-at-height, or check the hash" },
  );
}

/**
 * Of a chain whose end nobody names: the preset's last pre-fork block, else the highest block that the network no
 * longer leaves; null where no place that can be listed shows one.
 * @throws SourceDataError when two blocks of one height are such.
 */
export async function endOfFiles({
  network: { genesis, lastPreForkBlock },
  blocks,
}: Pick<OriginContext, "network" | "blocks">): Promise<BlockRef | null> {
  if (lastPreForkBlock !== null) return lastPreForkBlock;
  const found = await bestTip(blocks, Number(genesis.protocolState.body.constants.k));
  return found?.tip ?? null;
}

function noEnd(network: Network): never {
  throw new SourceDataError(withoutEnd(network), {
    hint: "give --fork-state-hash, the last block that is to be migrated",
  });
}

/** What is wrong where `endOfFiles` finds none, as a sentence. */
export function withoutEnd({ name, genesis }: Network): string {
  const { k } = genesis.protocolState.body.constants;
  return `no block of ${name} has ${k} blocks above it in the places of block files that can be listed`;
}

/** By what is proven already. */
async function knownHeight(
  { network: { genesis, lastPreForkBlock }, target }: Omit<OriginContext, "source">,
  stateHash: StateHash,
): Promise<bigint | null> {
  if (stateHash === genesis.stateHash) return 1n;
  if (stateHash === lastPreForkBlock?.stateHash) return lastPreForkBlock.height;
  const held = target === null ? null : await findTargetRef(target, stateHash);
  return held?.height ?? null;
}
