// The receipt chain: a hash in every account over all the commands whose fees it has paid.

import { UINT32_MAX, type UserCommand, type UserCommandType } from "@forklift/chain";
import { memoBytes, pointBytes } from "./decoded-texts.ts";
import { hashInputs } from "./hash-inputs.ts";
import { InputWriter } from "./input-writer.ts";
import { PAIR_BYTES } from "./poseidon/memory-layout.ts";

/** Kept, Poseidon and prefix, by the Berkeley hard fork. */
const RECEIPT_PREFIX = "CodaReceiptUC";

/** Four field elements and 599 bits, which fill three more; a zero makes it pairs. */
const RECEIPT_PAIRS = 4;

/** Tags are three bits, written highest first, unlike every other number. */
const COMMAND_TAG: Readonly<Record<UserCommandType, number>> = {
  payment: 0b000,
  delegation: 0b100,
};

const DEFAULT_TOKEN_ID = 1n;

/** What "no limit" is inside a command. */
const VALID_FOR_EVER = UINT32_MAX;

/**
 * The chain with one more command. The signature is no part of it.
 * @param previous 32 canonical little-endian bytes, as the result.
 * @throws FormatError for a malformed key or memo.
 */
export function extendReceiptChain(previous: Uint8Array, command: UserCommand): Uint8Array {
  const input = new Uint8Array(RECEIPT_PAIRS * PAIR_BYTES);
  writeReceipt(new InputWriter(input, 0), previous, command);
  return hashInputs(RECEIPT_PREFIX, input, RECEIPT_PAIRS);
}

function writeReceipt(input: InputWriter, previous: Uint8Array, command: UserCommand): void {
  const feePayer = pointBytes(command.feePayer);
  const source = pointBytes(command.source);
  const receiver = pointBytes(command.receiver);
  input.field(feePayer.x);
  input.field(source.x);
  input.field(receiver.x);
  input.field(previous);
  input.uint64(command.fee);
  input.uint64(DEFAULT_TOKEN_ID); // of the fee
  input.boolean(feePayer.isOdd);
  input.uint32(command.nonce);
  input.uint32(command.validUntil ?? VALID_FOR_EVER);
  for (const byte of memoBytes(command.memo)) input.bits(byte, 8);
  input.bits(COMMAND_TAG[command.type], 3);
  input.boolean(source.isOdd);
  input.boolean(receiver.isOdd);
  input.uint64(DEFAULT_TOKEN_ID); // of the amount
  input.uint64(command.amount ?? 0n);
  input.boolean(false); // token locked
}
