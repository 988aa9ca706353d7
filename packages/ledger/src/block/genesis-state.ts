// The protocol state that a chain of protocol 1.x begins with: all of it follows from the genesis ledger
// and from the constants that a network was started with.

import {
  type EpochSeed,
  hashText,
  type LedgerHash,
  type PublicKey,
  type StateHash,
} from "@forklift/chain";
import type { EpochData, ProtocolConstants, ProtocolState, VrfOutput } from "./protocol-state.ts";
import { hashProtocolState } from "./protocol-state-hash.ts";
import {
  parseAuxHash,
  parsePendingCoinbaseAux,
  parsePendingCoinbaseHash,
} from "./protocol-state-texts.ts";

export interface GenesisOrigin {
  /** Of the genesis ledger, the winner in front. */
  readonly ledgerHash: LedgerHash;
  /** Nanomina: the sum of all balances, the winner's among them. */
  readonly totalCurrency: bigint;
  /** The key of the account in front of the listed ones. */
  readonly winner: PublicKey;
  readonly constants: ProtocolConstants;
}

// The same on every network of protocol 1.x: nothing is being proven yet, nothing was drawn yet.
const EMPTY_SCAN_STATE = parseAuxHash("UDRUFHSvxUAtV8sh7gzMVPqpbd46roG1wzWR6dYvB6RunPihom");
const NO_COINBASES_AUX = parsePendingCoinbaseAux(
  "WAAeUjUnP9Q2JiabhJzJozcjiEmkZe8ob4cfFKSuq6pQSNmHh7",
);
const NO_COINBASES = parsePendingCoinbaseHash(
  "2n1tLdP2gkifmyVmrmzYXTS4ohPbZPJn6Qq4x55ywrbRWB4543cC",
);
const VRF_OUTPUT = "NfThG1r1GxQuhaGLSJWGxcpv24SudtXG4etB0TnGqwg=" as VrfOutput;
const ZERO_VRF_OUTPUT = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" as VrfOutput;
const ZERO_SEED = "2va9BGv9JrLTtrzZttiEMDYw1Zj6a6EHzXjmP9evHDTG3oEquURA" as EpochSeed;
/** The zero seed with the VRF output above. */
const NEXT_SEED = "2vaRh7FQ5wSzmpFReF9gcRKjv48CcJvHs25aqb3SSZiPgHQBy5Dt" as EpochSeed;

/** Parent and checkpoints of the state before: none. */
const ZERO_STATE_HASH = hashText("stateHash", 0n) as StateHash;

const SUB_WINDOWS = 11n;

/** Token 1 is the only one there is. */
const NEXT_TOKEN = 2n;

/** Height 1, whose parent is a state that never was: the one before it, at length 0. */
export function deriveGenesisState(origin: GenesisOrigin): ProtocolState {
  const state = stateBefore(origin);
  const before = hashProtocolState(state);
  const { consensusState } = state.body;
  const { slotsPerSubWindow } = origin.constants;
  return {
    previousStateHash: before,
    body: {
      ...state.body,
      genesisStateHash: before,
      consensusState: {
        ...consensusState,
        blockchainLength: 1n,
        subWindowDensities: densities(1n, slotsPerSubWindow),
        lastVrfOutput: VRF_OUTPUT,
        nextEpochData: {
          ...consensusState.nextEpochData,
          seed: NEXT_SEED,
          lockCheckpoint: before,
          epochLength: 2n,
        },
        hasAncestorInSameCheckpointWindow: true,
      },
    },
  };
}

function stateBefore({
  ledgerHash,
  totalCurrency,
  winner,
  constants,
}: GenesisOrigin): ProtocolState {
  const epoch: EpochData = {
    ledger: { hash: ledgerHash, totalCurrency },
    seed: ZERO_SEED,
    startCheckpoint: ZERO_STATE_HASH,
    lockCheckpoint: ZERO_STATE_HASH,
    epochLength: 1n,
  };
  return {
    previousStateHash: ZERO_STATE_HASH,
    body: {
      genesisStateHash: ZERO_STATE_HASH,
      blockchainState: {
        stagedLedgerHash: {
          nonSnark: {
            ledgerHash,
            auxHash: EMPTY_SCAN_STATE,
            pendingCoinbaseAux: NO_COINBASES_AUX,
          },
          pendingCoinbaseHash: NO_COINBASES,
        },
        snarkedLedgerHash: ledgerHash,
        genesisLedgerHash: ledgerHash,
        snarkedNextAvailableToken: NEXT_TOKEN,
        timestamp: constants.genesisStateTimestamp,
      },
      consensusState: {
        blockchainLength: 0n,
        epochCount: 0n,
        minWindowDensity: SUB_WINDOWS * constants.slotsPerSubWindow,
        subWindowDensities: densities(0n, constants.slotsPerSubWindow),
        lastVrfOutput: ZERO_VRF_OUTPUT,
        totalCurrency,
        currGlobalSlot: { slotNumber: 0n, slotsPerEpoch: constants.slotsPerEpoch },
        globalSlotSinceGenesis: 0n,
        stakingEpochData: epoch,
        nextEpochData: epoch,
        hasAncestorInSameCheckpointWindow: false,
        blockStakeWinner: winner,
        blockCreator: winner,
        coinbaseReceiver: winner,
        superchargeCoinbase: true,
      },
      constants,
    },
  };
}

/** As if every sub-window but the first had been full. */
function densities(first: bigint, full: bigint): bigint[] {
  return [first, ...Array.from({ length: Number(SUB_WINDOWS) - 1 }, () => full)];
}
