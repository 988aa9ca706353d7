// The protocol state of height 1. As mainnet's, it names as its parent, and as the genesis, a state
// that never was.

import type { LedgerHash, PublicKey, StateHash } from "@forklift/chain";
import { type EpochData, type ProtocolState, ZERO_STATE_HASH } from "@forklift/ledger";
import { GENESIS_TIMESTAMP } from "./calendar.ts";
import { SLOTS_PER_EPOCH } from "./consensus.ts";
import { GENESIS_DENSITIES, GENESIS_WINDOW_DENSITY, SLOTS_PER_SUB_WINDOW } from "./densities.ts";
import type { Random } from "./random.ts";
import {
  randomAuxHash,
  randomHash,
  randomPendingCoinbaseAux,
  randomPendingCoinbaseHash,
  randomVrfOutput,
} from "./random-texts.ts";

export interface GenesisStateOptions {
  readonly winner: PublicKey;
  readonly ledgerHash: LedgerHash;
  readonly totalCurrency: bigint;
  readonly finality: number;
}

export function createGenesisState(random: Random, options: GenesisStateOptions): ProtocolState {
  const { winner, ledgerHash, totalCurrency, finality } = options;
  const negativeOne = randomHash<StateHash>(random, "stateHash");
  const stakingEpochData: EpochData = {
    ledger: { hash: ledgerHash, totalCurrency },
    seed: randomHash(random, "epochSeed"),
    startCheckpoint: ZERO_STATE_HASH,
    lockCheckpoint: ZERO_STATE_HASH,
    epochLength: 1n,
  };
  return {
    previousStateHash: negativeOne,
    body: {
      genesisStateHash: negativeOne,
      blockchainState: {
        stagedLedgerHash: {
          nonSnark: {
            ledgerHash,
            auxHash: randomAuxHash(random),
            pendingCoinbaseAux: randomPendingCoinbaseAux(random),
          },
          pendingCoinbaseHash: randomPendingCoinbaseHash(random),
        },
        snarkedLedgerHash: ledgerHash,
        genesisLedgerHash: ledgerHash,
        // Token 1 is the only one there is.
        snarkedNextAvailableToken: 2n,
        timestamp: GENESIS_TIMESTAMP,
      },
      consensusState: {
        blockchainLength: 1n,
        epochCount: 0n,
        minWindowDensity: GENESIS_WINDOW_DENSITY,
        subWindowDensities: GENESIS_DENSITIES,
        lastVrfOutput: randomVrfOutput(random),
        totalCurrency,
        currGlobalSlot: { slotNumber: 0n, slotsPerEpoch: SLOTS_PER_EPOCH },
        globalSlotSinceGenesis: 0n,
        stakingEpochData,
        nextEpochData: {
          ...stakingEpochData,
          seed: randomHash(random, "epochSeed"),
          lockCheckpoint: negativeOne,
          epochLength: 2n,
        },
        hasAncestorInSameCheckpointWindow: true,
        blockStakeWinner: winner,
        blockCreator: winner,
        coinbaseReceiver: winner,
        superchargeCoinbase: true,
      },
      constants: {
        k: BigInt(finality),
        slotsPerEpoch: SLOTS_PER_EPOCH,
        slotsPerSubWindow: SLOTS_PER_SUB_WINDOW,
        delta: 0n,
        genesisStateTimestamp: GENESIS_TIMESTAMP,
      },
    },
  };
}
