// The state hash of a block: 15 field elements and 1,634 bits, hashed and chained to the parent.

import { hash } from "node:crypto";
import { FIELD_BYTES, type StateHash } from "@forklift/chain";
import { hashInputs } from "../poseidon/hash-inputs.ts";
import { InputWriter } from "../poseidon/input-writer.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { fieldBytes, pointBytes, textOfFieldBytes } from "../text/decoded-texts.ts";
import type { EpochData, NonSnark, ProtocolState, ProtocolStateBody } from "./protocol-state.ts";
import {
  bytesOfAuxHash,
  bytesOfPendingCoinbaseAux,
  bytesOfVrfOutput,
  VRF_OUTPUT_BITS,
} from "./protocol-state-texts.ts";

const STATE_PREFIX = "CodaProtoState";
const BODY_PREFIX = "CodaProtoStateBody";

/** The parent's hash and the body's. */
const STATE_PAIRS = 1;

/** Fifteen field elements, and seven that the bits fill. */
const BODY_PAIRS = 11;
const BODY_BYTES = BODY_PAIRS * PAIR_BYTES;

/** @throws FormatError for a malformed hash or key, RangeError for a number that is too wide. */
export function hashProtocolState(state: ProtocolState): StateHash {
  return hashProtocolStates([state])[0]!;
}

/**
 * The state hashes of many blocks, in their order: faster than one by one, since the bodies are
 * hashed side by side. A block takes 768 bytes meanwhile.
 * @throws FormatError for a malformed hash or key, RangeError for a number that is too wide.
 */
export function hashProtocolStates(states: readonly ProtocolState[]): StateHash[] {
  const bodies = new Uint8Array(states.length * BODY_BYTES);
  for (const [at, { body }] of states.entries()) {
    writeBody(new InputWriter(bodies, at * BODY_BYTES), body);
  }
  const bodyHashes = hashInputs(BODY_PREFIX, bodies, BODY_PAIRS);
  const links = new Uint8Array(states.length * PAIR_BYTES);
  for (const [at, { previousStateHash }] of states.entries()) {
    const link = new InputWriter(links, at * PAIR_BYTES);
    link.field(fieldBytes("stateHash", previousStateHash));
    link.field(elementAt(bodyHashes, at));
  }
  const hashes = hashInputs(STATE_PREFIX, links, STATE_PAIRS);
  return states.map((_, at) => textOfFieldBytes("stateHash", elementAt(hashes, at)) as StateHash);
}

/** What the body hash is computed from: 22 field elements of 32 bytes. @throws as above. */
export function bodyInput(body: ProtocolStateBody): Uint8Array {
  const input = new Uint8Array(BODY_BYTES);
  writeBody(new InputWriter(input, 0), body);
  return input;
}

function elementAt(elements: Uint8Array, at: number): Uint8Array {
  return elements.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
}

/**
 * The protocol prepends part to part, so the constants' bits lead, and delta stands second in them.
 * Field elements keep the same order of the parts, but the constants have none.
 */
function writeBody(
  input: InputWriter,
  { genesisStateHash, blockchainState, consensusState, constants }: ProtocolStateBody,
): void {
  const { stagedLedgerHash, snarkedLedgerHash, genesisLedgerHash } = blockchainState;
  const { stakingEpochData, nextEpochData, currGlobalSlot } = consensusState;
  const winner = pointBytes(consensusState.blockStakeWinner);
  const creator = pointBytes(consensusState.blockCreator);
  const receiver = pointBytes(consensusState.coinbaseReceiver);

  input.field(fieldBytes("stateHash", genesisStateHash));
  input.field(fieldBytes("receiptChainHash", stagedLedgerHash.pendingCoinbaseHash));
  input.field(fieldBytes("ledgerHash", snarkedLedgerHash));
  input.field(fieldBytes("ledgerHash", genesisLedgerHash));
  writeEpochFields(input, stakingEpochData);
  writeEpochFields(input, nextEpochData);
  input.field(winner.x);
  input.field(creator.x);
  input.field(receiver.x);

  input.uint32(constants.k);
  input.uint32(constants.delta);
  input.uint32(constants.slotsPerEpoch);
  input.uint32(constants.slotsPerSubWindow);
  input.uint64(constants.genesisStateTimestamp);
  writeBits(input, hashNonSnark(stagedLedgerHash.nonSnark), 256);
  input.uint64(blockchainState.snarkedNextAvailableToken);
  input.uint64(blockchainState.timestamp);
  input.uint32(consensusState.blockchainLength);
  input.uint32(consensusState.epochCount);
  input.uint32(consensusState.minWindowDensity);
  for (const density of consensusState.subWindowDensities) input.uint32(density);
  writeBits(input, bytesOfVrfOutput(consensusState.lastVrfOutput), VRF_OUTPUT_BITS);
  input.uint64(consensusState.totalCurrency);
  input.uint32(currGlobalSlot.slotNumber);
  input.uint32(currGlobalSlot.slotsPerEpoch);
  input.uint32(consensusState.globalSlotSinceGenesis);
  input.boolean(consensusState.hasAncestorInSameCheckpointWindow);
  input.boolean(consensusState.superchargeCoinbase);
  writeEpochBits(input, stakingEpochData);
  writeEpochBits(input, nextEpochData);
  input.boolean(winner.isOdd);
  input.boolean(creator.isOdd);
  input.boolean(receiver.isOdd);
}

function writeEpochFields(input: InputWriter, epochData: EpochData): void {
  const { seed, startCheckpoint, ledger, lockCheckpoint } = epochData;
  input.field(fieldBytes("epochSeed", seed));
  input.field(fieldBytes("stateHash", startCheckpoint));
  input.field(fieldBytes("ledgerHash", ledger.hash));
  input.field(fieldBytes("stateHash", lockCheckpoint));
}

function writeEpochBits(input: InputWriter, { epochLength, ledger }: EpochData): void {
  input.uint32(epochLength);
  input.uint64(ledger.totalCurrency);
}

/** The lowest bits of a number of little-endian bytes. */
function writeBits(input: InputWriter, bytes: Uint8Array, width: number): void {
  for (let at = 0; 8 * at < width; at++) input.bits(bytes[at]!, Math.min(8, width - 8 * at));
}

/** The one place where the protocol writes a field element highest byte first. */
export function nonSnarkPreimage({
  ledgerHash,
  auxHash,
  pendingCoinbaseAux,
}: NonSnark): Uint8Array {
  const preimage = new Uint8Array(3 * FIELD_BYTES);
  preimage.set(fieldBytes("ledgerHash", ledgerHash));
  preimage.subarray(0, FIELD_BYTES).reverse();
  preimage.set(bytesOfAuxHash(auxHash), FIELD_BYTES);
  preimage.set(bytesOfPendingCoinbaseAux(pendingCoinbaseAux), 2 * FIELD_BYTES);
  return preimage;
}

function hashNonSnark(nonSnark: NonSnark): Uint8Array {
  return Buffer.from(hash("sha256", nonSnarkPreimage(nonSnark), "hex"), "hex");
}
