// A block as its precomputed file has it, in the form in which an archive's rows are read: what is merged with the
// file is then the file's own, and comes to the same row.

import type { SourceBlock } from "@forklift/archive";
import type { BlockRef, GlobalSlotSinceGenesis, GlobalSlotSinceHardFork } from "@forklift/chain";
import type { Network } from "@forklift/network";
import type { BlockContent } from "@forklift/precomputed";

type FileContent = Pick<BlockContent, "protocolState" | "userCommands" | "internalCommands">;

export function fileBlock(
  { height, stateHash }: BlockRef,
  { protocolState, userCommands, internalCommands }: FileContent,
): SourceBlock {
  const { blockchainState, consensusState } = protocolState.body;
  return {
    height,
    stateHash,
    parentHash: protocolState.previousStateHash,
    ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
    creator: consensusState.blockCreator,
    winner: consensusState.blockStakeWinner,
    globalSlotSinceHardFork: consensusState.currGlobalSlot.slotNumber as GlobalSlotSinceHardFork,
    globalSlotSinceGenesis: consensusState.globalSlotSinceGenesis as GlobalSlotSinceGenesis,
    timestamp: blockchainState.timestamp,
    userCommands,
    internalCommands,
  };
}

/** No place has a file of height 1: the network's preset holds its state, which was proven when it was loaded. */
export function genesisContent({ genesis }: Pick<Network, "genesis">): FileContent {
  return { protocolState: genesis.protocolState, userCommands: [], internalCommands: [] };
}
