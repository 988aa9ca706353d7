// Block files as the only origin of a migration: the chain is the one that its last block descends from.

import { findTargetRef, pickedHeightOf, readTargetTip, targetRefAt } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { pickChain } from "@forklift/precomputed";
import { chosenTip } from "./chosen-tip.ts";
import type { Origin, OriginContext } from "./origin.ts";
import { pickedPart, rangeToPick } from "./picked-chain.ts";

export function filesOrigin(context: Omit<OriginContext, "source">): Origin {
  const { target } = context;
  return {
    async selectChain(stop) {
      const tip = await chosenTip(context, stop);
      return { tip, canonicalHeight: tip.height, tail: [] };
    },
    async hasOnChain({ tip }, stateHash) {
      if (stateHash === tip.stateHash) return true;
      if (target === null) return null;
      const held = await readTargetTip(target);
      // Then the target holds the chain, and is asked for the block as well.
      if (held?.stateHash === tip.stateHash) return false;
      const { is } = await pickedPart(target, { tip, above: held });
      return is === "whole" ? (await pickedHeightOf(target, stateHash)) !== null : null;
    },
    async commonHeight({ tip }, archive, heightMax) {
      // Whether the chain comes down to the target, the walk says.
      if (heightMax < tip.height) return heightMax;
      const held = await targetRefAt(archive, heightMax);
      return held?.stateHash === tip.stateHash
        ? heightMax
        : await partingHeight(context, tip, archive);
    },
  };
}

/** The height of the first block below that the target holds. */
export async function partingHeight(
  { blocks, network }: Pick<OriginContext, "blocks" | "network">,
  from: BlockRef,
  target: Session,
): Promise<bigint> {
  const walk = pickChain(blocks, rangeToPick(network, { tip: from, above: null }));
  for await (const { height, parentHash } of walk) {
    const held = await findTargetRef(target, parentHash);
    if (held?.height === height - 1n) return held.height;
  }
  return 0n;
}
