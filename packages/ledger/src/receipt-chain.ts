// The receipt chain: a hash in every account over all the commands whose fees it has paid.

import {
  bytesOfMemo,
  type ReceiptChainHash,
  UINT32_MAX,
  type UserCommand,
  type UserCommandType,
} from "@forklift/chain";
import { cachedField, cachedPoint, receiptChainHashOfField } from "./decoded-texts.ts";
import { hashLegacy } from "./legacy-poseidon.ts";
import { type Bits, bit, packInput } from "./random-oracle-input.ts";

/** Kept, Poseidon and prefix, by the Berkeley hard fork. */
const RECEIPT_PREFIX = "CodaReceiptUC";

/** Tags are three bits, written highest first, unlike every other number. */
const COMMAND_TAG: Readonly<Record<UserCommandType, readonly Bits[]>> = {
  payment: [bit(false), bit(false), bit(false)],
  delegation: [bit(false), bit(false), bit(true)],
};

const DEFAULT_TOKEN_ID: Bits = [1n, 64];

/** What "no limit" is inside a command. */
const VALID_FOR_EVER = UINT32_MAX;

/** The chain with one more command. The signature is no part of it. */
export function extendReceiptChain(
  previous: ReceiptChainHash,
  command: UserCommand,
): ReceiptChainHash {
  const feePayer = cachedPoint(command.feePayer);
  const source = cachedPoint(command.source);
  const receiver = cachedPoint(command.receiver);
  const fields = [feePayer.x, source.x, receiver.x, cachedField("receiptChainHash", previous)];
  const bits: Bits[] = [
    [command.fee, 64],
    DEFAULT_TOKEN_ID, // of the fee
    bit(feePayer.isOdd),
    [command.nonce, 32],
    [command.validUntil ?? VALID_FOR_EVER, 32],
    ...Array.from(bytesOfMemo(command.memo), (byte): Bits => [BigInt(byte), 8]),
    ...COMMAND_TAG[command.type],
    bit(source.isOdd),
    bit(receiver.isOdd),
    DEFAULT_TOKEN_ID, // of the amount
    [command.amount ?? 0n, 64],
    bit(false), // token locked
  ];
  return receiptChainHashOfField(hashLegacy(RECEIPT_PREFIX, packInput(fields, bits)));
}
