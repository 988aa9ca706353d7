// The consensus state of the next block: densities, epochs and checkpoints as the protocol counts
// them, with constants of the sample's own where mainnet's would take months to show anything.

import type { GlobalSlotSinceGenesis, LedgerHash, PublicKey, StateHash } from "@forklift/chain";
import {
  COINBASE_AMOUNT,
  type ConsensusState,
  type EpochData,
  type ProtocolState,
  type StagedLedgerHash,
} from "@forklift/ledger";
import { timestampOfSlot } from "./calendar.ts";
import { nextDensities } from "./densities.ts";
import type { Random } from "./random.ts";
import { randomHash, randomVrfOutput } from "./random-texts.ts";

/** One day, where mainnet has fifteen: a sample of a few days sees epochs change. */
export const SLOTS_PER_EPOCH = 480n;

/** Blocks from one ledger proof to the next. */
const PROOF_INTERVAL_BLOCKS = 8n;

/** The block that the next one builds on, with what its protocol state does not contain. */
export interface Tip {
  readonly stateHash: StateHash;
  readonly state: ProtocolState;
  /** Of the genesis block; its own protocol state names another. */
  readonly genesisStateHash: StateHash;
  /** Nanomina in all accounts together, coinbases that are not proven yet included. */
  readonly supply: bigint;
  /** The ledger that the next proof will be about. */
  readonly unproven: { readonly ledgerHash: LedgerHash; readonly supply: bigint };
}

export interface BlockProducer {
  readonly winner: PublicKey;
  readonly creator: PublicKey;
  readonly coinbaseReceiver: PublicKey;
  readonly superchargeCoinbase: boolean;
}

export interface NextBlock {
  readonly slot: GlobalSlotSinceGenesis;
  readonly producer: BlockProducer;
  readonly stagedLedgerHash: StagedLedgerHash;
}

/** The protocol state of the block after `parent`. */
export function nextProtocolState(random: Random, parent: Tip, next: NextBlock): ProtocolState {
  const { body } = parent.state;
  const height = body.consensusState.blockchainLength + 1n;
  const isProven = height % PROOF_INTERVAL_BLOCKS === 0n;
  return {
    previousStateHash: parent.stateHash,
    body: {
      genesisStateHash: parent.genesisStateHash,
      blockchainState: {
        ...body.blockchainState,
        stagedLedgerHash: next.stagedLedgerHash,
        snarkedLedgerHash: isProven
          ? parent.unproven.ledgerHash
          : body.blockchainState.snarkedLedgerHash,
        timestamp: timestampOfSlot(next.slot),
      },
      consensusState: {
        ...nextConsensusState(random, parent, next),
        totalCurrency: isProven ? parent.unproven.supply : body.consensusState.totalCurrency,
      },
      constants: body.constants,
    },
  };
}

/** The tip that a block leaves behind. */
export function nextTip(
  parent: Tip,
  {
    state,
    stateHash,
    created,
  }: {
    readonly state: ProtocolState;
    readonly stateHash: StateHash;
    /** Nanomina: coinbases less creation fees. */
    readonly created: bigint;
  },
): Tip {
  const { blockchainState, consensusState } = state.body;
  const supply = parent.supply + created;
  const isProven = consensusState.blockchainLength % PROOF_INTERVAL_BLOCKS === 0n;
  const { ledgerHash } = blockchainState.stagedLedgerHash.nonSnark;
  return {
    stateHash,
    state,
    genesisStateHash: parent.genesisStateHash,
    supply,
    unproven: isProven ? { ledgerHash, supply } : parent.unproven,
  };
}

function nextConsensusState(random: Random, parent: Tip, { slot, producer }: NextBlock) {
  const before = parent.state.body.consensusState;
  const epochCount = slot / SLOTS_PER_EPOCH;
  const { densities, minimum } = nextDensities(before, slot);
  return {
    blockchainLength: before.blockchainLength + 1n,
    epochCount,
    minWindowDensity: minimum,
    subWindowDensities: densities,
    lastVrfOutput: randomVrfOutput(random),
    totalCurrency: before.totalCurrency,
    currGlobalSlot: { slotNumber: slot, slotsPerEpoch: SLOTS_PER_EPOCH },
    globalSlotSinceGenesis: slot,
    ...nextEpochs(random, parent, slot),
    hasAncestorInSameCheckpointWindow: true,
    blockStakeWinner: producer.winner,
    blockCreator: producer.creator,
    coinbaseReceiver: producer.coinbaseReceiver,
    superchargeCoinbase: producer.superchargeCoinbase,
  } satisfies ConsensusState;
}

function nextEpochs(
  random: Random,
  { stateHash, state }: Tip,
  slot: bigint,
): { readonly stakingEpochData: EpochData; readonly nextEpochData: EpochData } {
  const { consensusState, blockchainState } = state.body;
  const { nextEpochData } = consensusState;
  if (slot / SLOTS_PER_EPOCH > consensusState.epochCount) {
    const started: EpochData = {
      ledger: {
        hash: blockchainState.snarkedLedgerHash,
        totalCurrency: consensusState.totalCurrency,
      },
      seed: randomHash(random, "epochSeed"),
      startCheckpoint: stateHash,
      lockCheckpoint: stateHash,
      epochLength: 1n,
    };
    return { stakingEpochData: nextEpochData, nextEpochData: started };
  }
  // The last third of an epoch leaves the seed of the next one as it is.
  const isLocked = slot % SLOTS_PER_EPOCH >= (SLOTS_PER_EPOCH * 2n) / 3n;
  const epochLength = nextEpochData.epochLength + 1n;
  return {
    stakingEpochData: consensusState.stakingEpochData,
    nextEpochData: isLocked
      ? { ...nextEpochData, epochLength }
      : {
          ...nextEpochData,
          seed: randomHash(random, "epochSeed"),
          lockCheckpoint: stateHash,
          epochLength,
        },
  };
}

/** Nanomina that a block creates, or nothing when it holds no coinbase. */
export function coinbaseOf({ superchargeCoinbase }: BlockProducer, parts: number): bigint {
  if (parts === 0) return 0n;
  return superchargeCoinbase ? 2n * COINBASE_AMOUNT : COINBASE_AMOUNT;
}
