// The last block of a chain that has no archive: what its own file says. Of the chain below it, the walk tells.

import type { BlockRef } from "@forklift/chain";
import type { Check } from "@forklift/pipeline";
import { requireSameGenesis } from "../blocks/same-genesis.ts";
import type { MigratorContext } from "../context.ts";

type Context = Pick<MigratorContext, "blocks" | "network">;

/** @throws SourceDataError when no place of block files has it, or it is of another network. */
export async function requireTip({ blocks, network }: Context, tip: BlockRef): Promise<void> {
  if (tip.stateHash === network.genesis.stateHash) return;
  requireSameGenesis(tip, await blocks.fetch(tip), network);
}

export async function checksOfTip(
  { blocks, network: { genesis } }: Context,
  tip: BlockRef,
): Promise<readonly Check[]> {
  if (tip.stateHash === genesis.stateHash) return [];
  const { body } = (await blocks.fetch(tip)).protocolState;
  const { blockchainLength } = body.consensusState;
  return [
    { name: "height of the tip", expected: `${tip.height}`, actual: `${blockchainLength}` },
    {
      name: "first block of its chain",
      expected: genesis.stateHash,
      actual: body.genesisStateHash,
    },
  ];
}
