// Reads the `protocol_state` of a precomputed block, refusing every text that is not canonical.
//
// The hash is computed from values, so a lax reader would take altered texts of the same value, and
// keys that nobody hashed, for the block that the hash names.

import {
  type EpochSeed,
  type LedgerHash,
  parseUnsigned,
  type StateHash,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import { checkedPublicKey, fieldBytes } from "../text/decoded-texts.ts";
import { boolean, type Decoder, listOf, record, text } from "../text/json-decoder.ts";
import type {
  BlockchainState,
  ConsensusState,
  CurrentGlobalSlot,
  EpochData,
  EpochLedger,
  NonSnark,
  ProtocolConstants,
  ProtocolState,
  ProtocolStateBody,
  StagedLedgerHash,
} from "./protocol-state.ts";
import {
  parseAuxHash,
  parsePendingCoinbaseAux,
  parsePendingCoinbaseHash,
  parseVrfOutput,
} from "./protocol-state-texts.ts";

/** Fixed by the shape of the hashed state, on every network of protocol 1.x. */
const SUB_WINDOWS = 11;

const uint32 = text((digits) => parseUnsigned(digits, UINT32_MAX));
const uint64 = text((digits) => parseUnsigned(digits, UINT64_MAX));
const publicKey = text(checkedPublicKey);

const stateHash = text((hash) => {
  fieldBytes("stateHash", hash);
  return hash as StateHash;
});

const ledgerHash = text((hash) => {
  fieldBytes("ledgerHash", hash);
  return hash as LedgerHash;
});

const epochSeed = text((seed) => {
  fieldBytes("epochSeed", seed);
  return seed as EpochSeed;
});

const nonSnark = record<NonSnark>({
  ledgerHash,
  auxHash: text(parseAuxHash),
  pendingCoinbaseAux: text(parsePendingCoinbaseAux),
});

const blockchainState = record<BlockchainState>({
  stagedLedgerHash: record<StagedLedgerHash>({
    nonSnark,
    pendingCoinbaseHash: text(parsePendingCoinbaseHash),
  }),
  snarkedLedgerHash: ledgerHash,
  genesisLedgerHash: ledgerHash,
  snarkedNextAvailableToken: uint64,
  timestamp: uint64,
});

const epochData = record<EpochData>({
  ledger: record<EpochLedger>({ hash: ledgerHash, totalCurrency: uint64 }),
  seed: epochSeed,
  startCheckpoint: stateHash,
  lockCheckpoint: stateHash,
  epochLength: uint32,
});

const consensusState = record<ConsensusState>({
  blockchainLength: uint32,
  epochCount: uint32,
  minWindowDensity: uint32,
  subWindowDensities: listOf(SUB_WINDOWS, uint32),
  lastVrfOutput: text(parseVrfOutput),
  totalCurrency: uint64,
  currGlobalSlot: record<CurrentGlobalSlot>({ slotNumber: uint32, slotsPerEpoch: uint32 }),
  globalSlotSinceGenesis: uint32,
  stakingEpochData: epochData,
  nextEpochData: epochData,
  hasAncestorInSameCheckpointWindow: boolean,
  blockStakeWinner: publicKey,
  blockCreator: publicKey,
  coinbaseReceiver: publicKey,
  superchargeCoinbase: boolean,
});

const constants = record<ProtocolConstants>({
  k: uint32,
  slotsPerEpoch: uint32,
  slotsPerSubWindow: uint32,
  delta: uint32,
  genesisStateTimestamp: uint64,
});

const protocolState: Decoder<ProtocolState> = record<ProtocolState>({
  previousStateHash: stateHash,
  body: record<ProtocolStateBody>({
    genesisStateHash: stateHash,
    blockchainState,
    consensusState,
    constants,
  }),
});

/** @throws FormatError that names the JSON path, "protocol_state.body…". */
export function decodeProtocolState(json: unknown): ProtocolState {
  return protocolState(json, "protocol_state");
}
