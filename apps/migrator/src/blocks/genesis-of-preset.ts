// The genesis block as the network's preset has it: no public place has a file of height 1.

import type { BlockRef } from "@forklift/chain";
import type { Network } from "@forklift/network";
import type { ProvenBlock } from "./proven-block.ts";

/** Its protocol state was proven when the preset was loaded. */
export function genesisOfPreset(
  { height, stateHash }: BlockRef,
  { genesis }: Pick<Network, "genesis">,
): ProvenBlock & BlockRef {
  const { protocolState } = genesis;
  const commands = { userCommands: [], internalCommands: [] };
  return {
    ...{ height, stateHash, protocolState },
    ...{ ...commands, signatures: null, source: "the network preset" },
  };
}
