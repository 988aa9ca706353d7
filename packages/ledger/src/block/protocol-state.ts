// The protocol state of a block of protocol 1.x: all that its state hash covers, and nothing else.

import type { EpochSeed, LedgerHash, PublicKey, StateHash } from "@forklift/chain";

declare const kind: unique symbol;
type Branded<Name extends string> = string & { readonly [kind]: Name };

/** Digest of the scan state, 32 bytes that are no field element. */
export type AuxHash = Branded<"aux hash">;
/** The same of the stack of coinbases still to be proven. */
export type PendingCoinbaseAux = Branded<"pending coinbase aux">;
/** Starts with "2n": printed under the version byte of receipt chain hashes. */
export type PendingCoinbaseHash = Branded<"pending coinbase hash">;
/** 32 bytes in URL-safe base64, of which the protocol keeps 253 bits. */
export type VrfOutput = Branded<"VRF output">;

/** Hashes and keys are the texts of the JSON, checked; every number is a bigint. */
export interface ProtocolState {
  readonly previousStateHash: StateHash;
  readonly body: ProtocolStateBody;
}

export interface ProtocolStateBody {
  readonly genesisStateHash: StateHash;
  readonly blockchainState: BlockchainState;
  readonly consensusState: ConsensusState;
  readonly constants: ProtocolConstants;
}

export interface BlockchainState {
  readonly stagedLedgerHash: StagedLedgerHash;
  readonly snarkedLedgerHash: LedgerHash;
  readonly genesisLedgerHash: LedgerHash;
  readonly snarkedNextAvailableToken: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

export interface StagedLedgerHash {
  readonly nonSnark: NonSnark;
  readonly pendingCoinbaseHash: PendingCoinbaseHash;
}

/** The part of the staged ledger hash that is hashed with SHA-256. */
export interface NonSnark {
  /** The ledger hash after this block's transactions. */
  readonly ledgerHash: LedgerHash;
  readonly auxHash: AuxHash;
  readonly pendingCoinbaseAux: PendingCoinbaseAux;
}

export interface ConsensusState {
  /** The height. */
  readonly blockchainLength: bigint;
  readonly epochCount: bigint;
  readonly minWindowDensity: bigint;
  readonly subWindowDensities: readonly bigint[];
  readonly lastVrfOutput: VrfOutput;
  /** Nanomina. */
  readonly totalCurrency: bigint;
  readonly currGlobalSlot: CurrentGlobalSlot;
  readonly globalSlotSinceGenesis: bigint;
  readonly stakingEpochData: EpochData;
  readonly nextEpochData: EpochData;
  readonly hasAncestorInSameCheckpointWindow: boolean;
  readonly blockStakeWinner: PublicKey;
  readonly blockCreator: PublicKey;
  readonly coinbaseReceiver: PublicKey;
  readonly superchargeCoinbase: boolean;
}

export interface CurrentGlobalSlot {
  readonly slotNumber: bigint;
  readonly slotsPerEpoch: bigint;
}

export interface EpochData {
  readonly ledger: EpochLedger;
  readonly seed: EpochSeed;
  readonly startCheckpoint: StateHash;
  readonly lockCheckpoint: StateHash;
  readonly epochLength: bigint;
}

export interface EpochLedger {
  readonly hash: LedgerHash;
  /** Nanomina. */
  readonly totalCurrency: bigint;
}

export interface ProtocolConstants {
  readonly k: bigint;
  readonly slotsPerEpoch: bigint;
  readonly slotsPerSubWindow: bigint;
  readonly delta: bigint;
  /** Milliseconds since 1970. */
  readonly genesisStateTimestamp: bigint;
}
