// Whether a block is of the network that is migrated.

import type { BlockRef } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { SourceDataError } from "@forklift/pipeline";
import type { ProvenBlock } from "./proven-block.ts";

/**
 * Every block but the first names the block that its chain began with.
 * @throws SourceDataError for a block of another network.
 */
export function requireSameGenesis(
  { height, stateHash }: BlockRef,
  { protocolState }: Pick<ProvenBlock, "protocolState">,
  { name, genesis }: Pick<Network, "name" | "genesis">,
): void {
  const found = protocolState.body.genesisStateHash;
  if (found === genesis.stateHash) return;
  throw new SourceDataError(
    `block ${stateHash} at height ${height} is of a chain that began with ${found}, but ${name} ` +
      `begins with ${genesis.stateHash}${genesis.isDerived ? ", as its preset derives" : ""}`,
    {
      hint: genesis.isDerived
        ? "the ledger or a constant that the preset was derived from is another network's: see forklift network derive --help"
        : `give the blocks of ${name}: this is one of another network`,
    },
  );
}
