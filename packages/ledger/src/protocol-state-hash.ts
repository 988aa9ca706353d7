// The state hash of a block: 15 field elements and 1,634 bits, hashed and chained to the parent.

import { createHash } from "node:crypto";
import { type Field, hashText, type StateHash } from "@forklift/chain";
import { cachedField, cachedPoint, fieldBytes } from "./decoded-texts.ts";
import { hashLegacy } from "./legacy-poseidon.ts";
import type { EpochData, NonSnark, ProtocolState, ProtocolStateBody } from "./protocol-state.ts";
import {
  bytesOfAuxHash,
  bytesOfPendingCoinbaseAux,
  numberOfVrfOutput,
  VRF_OUTPUT_BITS,
} from "./protocol-state-texts.ts";
import { type Bits, bit, packInput } from "./random-oracle-input.ts";

const STATE_PREFIX = "CodaProtoState";
const BODY_PREFIX = "CodaProtoStateBody";

/** @throws FormatError for a malformed hash or key, RangeError for a number that is too wide. */
export function hashProtocolState({ previousStateHash, body }: ProtocolState): StateHash {
  const state = hashLegacy(STATE_PREFIX, [
    cachedField("stateHash", previousStateHash),
    hashLegacy(BODY_PREFIX, bodyInput(body)),
  ]);
  return hashText("stateHash", state) as StateHash;
}

/**
 * What the body hash is computed from. The protocol prepends part to part, so constants lead, and
 * delta stands second in them.
 */
export function bodyInput({
  genesisStateHash,
  blockchainState,
  consensusState,
  constants,
}: ProtocolStateBody): Field[] {
  const { stagedLedgerHash, snarkedLedgerHash, genesisLedgerHash } = blockchainState;
  const { stakingEpochData, nextEpochData, currGlobalSlot } = consensusState;
  const winner = cachedPoint(consensusState.blockStakeWinner);
  const creator = cachedPoint(consensusState.blockCreator);
  const receiver = cachedPoint(consensusState.coinbaseReceiver);
  const fields = [
    cachedField("stateHash", genesisStateHash),
    cachedField("receiptChainHash", stagedLedgerHash.pendingCoinbaseHash),
    cachedField("ledgerHash", snarkedLedgerHash),
    cachedField("ledgerHash", genesisLedgerHash),
    ...epochFields(stakingEpochData),
    ...epochFields(nextEpochData),
    winner.x,
    creator.x,
    receiver.x,
  ];
  const bits: Bits[] = [
    [constants.k, 32],
    [constants.delta, 32],
    [constants.slotsPerEpoch, 32],
    [constants.slotsPerSubWindow, 32],
    [constants.genesisStateTimestamp, 64],
    [digestNumber(nonSnarkPreimage(stagedLedgerHash.nonSnark)), 256],
    [blockchainState.snarkedNextAvailableToken, 64],
    [blockchainState.timestamp, 64],
    [consensusState.blockchainLength, 32],
    [consensusState.epochCount, 32],
    [consensusState.minWindowDensity, 32],
    ...consensusState.subWindowDensities.map((density): Bits => [density, 32]),
    [numberOfVrfOutput(consensusState.lastVrfOutput), VRF_OUTPUT_BITS],
    [consensusState.totalCurrency, 64],
    [currGlobalSlot.slotNumber, 32],
    [currGlobalSlot.slotsPerEpoch, 32],
    [consensusState.globalSlotSinceGenesis, 32],
    bit(consensusState.hasAncestorInSameCheckpointWindow),
    bit(consensusState.superchargeCoinbase),
    ...epochBits(stakingEpochData),
    ...epochBits(nextEpochData),
    bit(winner.isOdd),
    bit(creator.isOdd),
    bit(receiver.isOdd),
  ];
  return packInput(fields, bits);
}

function epochFields({ seed, startCheckpoint, ledger, lockCheckpoint }: EpochData): Field[] {
  return [
    cachedField("epochSeed", seed),
    cachedField("stateHash", startCheckpoint),
    cachedField("ledgerHash", ledger.hash),
    cachedField("stateHash", lockCheckpoint),
  ];
}

function epochBits({ epochLength, ledger }: EpochData): Bits[] {
  return [
    [epochLength, 32],
    [ledger.totalCurrency, 64],
  ];
}

/** The one place where the protocol writes a field element highest byte first. */
export function nonSnarkPreimage({
  ledgerHash,
  auxHash,
  pendingCoinbaseAux,
}: NonSnark): Uint8Array {
  return Buffer.concat([
    fieldBytes("ledgerHash", ledgerHash).toReversed(),
    bytesOfAuxHash(auxHash),
    bytesOfPendingCoinbaseAux(pendingCoinbaseAux),
  ]);
}

/** SHA-256 with its bytes read lowest first, as the bits are hashed. */
function digestNumber(preimage: Uint8Array): bigint {
  const digest = createHash("sha256").update(preimage).digest();
  return BigInt(`0x${digest.reverse().toString("hex")}`);
}
