// Merges the two records of a block: the source's rows and the precomputed block. Where both have
// the same value they must agree, and the state hash proves the precomputed one. Commands, which it
// does not cover, were compared when the file was chosen.

import type { EpochData, MigratedBlock, SourceBlock } from "@forklift/archive";
import type { ChainStatus, GlobalSlotSinceGenesis, GlobalSlotSinceHardFork } from "@forklift/chain";
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
  const { stateHash, userCommands, internalCommands } = source;
  return blockOfFile({ ...proven, stateHash, userCommands, internalCommands }, chainStatus);
}

/** A block as its file has it. */
export function blockOfFile(
  {
    stateHash,
    protocolState,
    userCommands,
    internalCommands,
  }: Omit<ProvenBlock, "signatures" | "source"> & Pick<MigratedBlock, "stateHash">,
  chainStatus: ChainStatus,
): MigratedBlock {
  const { consensusState } = protocolState.body;
  return {
    ...{ chainStatus, stateHash },
    ...stateColumnsOf(protocolState),
    ...{ userCommands, internalCommands },
    ...genesisColumnsOf(protocolState),
    minWindowDensity: consensusState.minWindowDensity,
    subWindowDensities: consensusState.subWindowDensities,
    totalCurrency: consensusState.totalCurrency,
  };
}

/** What the source has of a block, as its protocol state has it. */
export function stateColumnsOf({ previousStateHash, body }: ProtocolState) {
  const { blockchainState, consensusState } = body;
  return {
    parentHash: previousStateHash,
    height: consensusState.blockchainLength,
    ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
    creator: consensusState.blockCreator,
    winner: consensusState.blockStakeWinner,
    // Of 32 bits each, as they were decoded.
    globalSlotSinceHardFork: consensusState.currGlobalSlot.slotNumber as GlobalSlotSinceHardFork,
    globalSlotSinceGenesis: consensusState.globalSlotSinceGenesis as GlobalSlotSinceGenesis,
    timestamp: blockchainState.timestamp,
  };
}

function requireSameState(source: SourceBlock, state: ProtocolState): void {
  const expectedValues = stateColumnsOf(state);
  for (const name of Object.keys(expectedValues) as (keyof typeof expectedValues)[]) {
    const [found, expected] = [source[name], expectedValues[name]];
    if (found === expected) continue;
    throw new SourceDataError(
      `block ${source.stateHash} at height ${source.height}: the source has ${BLOCK_COLUMNS[name]} ${found}, its ` +
        `protocol state, which hashes to that state hash, has ${expected}`,
      {
        hint:
          "the source archive's row is wrong; repair it, then run again; or run with --heal, which takes what " +
          "the state hash proves",
      },
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
