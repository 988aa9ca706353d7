// Merges the two records of a block: the source's rows and the precomputed block. Where both have
// the same value they must agree, and the state hash proves the precomputed one. Commands, which it
// does not cover, were compared when the file was chosen.

import type { EpochData, MigratedBlock, SourceBlock } from "@forklift/archive";
import type { ChainStatus } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import type { GenesisColumns } from "../form/output-form.ts";
import type { ProvenBlock } from "./proven-block.ts";
import { BLOCK_COLUMNS } from "./source-columns.ts";

/**
 * @param proven its protocol state hashes to the block's state hash.
 * @throws SourceDataError naming the column and both values where the source differs.
 */
export function mergeBlock(
  source: SourceBlock,
  proven: Pick<ProvenBlock, "protocolState">,
  chainStatus: ChainStatus = "canonical",
): MigratedBlock {
  requireSameState(source, proven.protocolState);
  const { consensusState } = proven.protocolState.body;
  return {
    chainStatus,
    height: source.height,
    stateHash: source.stateHash,
    parentHash: source.parentHash,
    ledgerHash: source.ledgerHash,
    creator: source.creator,
    winner: source.winner,
    globalSlotSinceHardFork: source.globalSlotSinceHardFork,
    globalSlotSinceGenesis: source.globalSlotSinceGenesis,
    timestamp: source.timestamp,
    userCommands: source.userCommands,
    internalCommands: source.internalCommands,
    ...genesisColumnsOf(proven.protocolState),
    minWindowDensity: consensusState.minWindowDensity,
    subWindowDensities: consensusState.subWindowDensities,
    totalCurrency: consensusState.totalCurrency,
  };
}

function requireSameState(source: SourceBlock, state: ProtocolState): void {
  const { blockchainState, consensusState } = state.body;
  const expectedValues = {
    parentHash: state.previousStateHash,
    height: consensusState.blockchainLength,
    ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
    creator: consensusState.blockCreator,
    winner: consensusState.blockStakeWinner,
    globalSlotSinceHardFork: consensusState.currGlobalSlot.slotNumber,
    globalSlotSinceGenesis: consensusState.globalSlotSinceGenesis,
    timestamp: blockchainState.timestamp,
  };
  for (const name of Object.keys(expectedValues) as (keyof typeof expectedValues)[]) {
    const [found, expected] = [source[name], expectedValues[name]];
    if (found === expected) continue;
    throw new SourceDataError(
      `block ${source.stateHash} at height ${source.height}: the source has ${BLOCK_COLUMNS[name]} ${found}, its ` +
        `protocol state, which hashes to that state hash, has ${expected}`,
      { hint: "the source archive's row is wrong; repair it, then run again" },
    );
  }
}

/** Our own values of what is another in the official genesis row. */
export function genesisColumnsOf({ body }: ProtocolState): GenesisColumns {
  const { blockchainState, consensusState } = body;
  return {
    snarkedLedgerHash: blockchainState.snarkedLedgerHash,
    lastVrfOutput: consensusState.lastVrfOutput,
    stakingEpochData: epochDataOf(consensusState.stakingEpochData),
    nextEpochData: epochDataOf(consensusState.nextEpochData),
  };
}

type ProtocolEpochData = ProtocolState["body"]["consensusState"]["stakingEpochData"];

function epochDataOf(epoch: ProtocolEpochData): EpochData {
  return {
    seed: epoch.seed,
    ledgerHash: epoch.ledger.hash,
    totalCurrency: epoch.ledger.totalCurrency,
    startCheckpoint: epoch.startCheckpoint,
    lockCheckpoint: epoch.lockCheckpoint,
    epochLength: epoch.epochLength,
  };
}
