// What Poseidon hashes of a user command, in a receipt chain as in the message that its payer signs: three keys
// before what each of the two adds, and 599 bits behind it. The signature is no part of it.

import {
  DEFAULT_TOKEN_ID,
  type UserCommand,
  type UserCommandType,
  VALID_FOR_EVER,
} from "@forklift/chain";
import type { InputWriter } from "../poseidon/input-writer.ts";
import { memoBytes, pointBytes } from "../text/decoded-texts.ts";

/** Field elements that the bits of a command fill, the last one not wholly. */
export const COMMAND_BIT_ELEMENTS = 3;

/** Field elements in front. */
export const COMMAND_KEYS = 3;

/** Tags are three bits, written highest first, unlike every other number. */
const COMMAND_TAG: Readonly<Record<UserCommandType, number>> = {
  payment: 0b000,
  delegation: 0b100,
};

type CommandKeys = Pick<UserCommand, "feePayer" | "source" | "receiver">;

/** @throws FormatError for a malformed key. */
export function writeCommandKeys(input: InputWriter, command: CommandKeys): void {
  input.field(pointBytes(command.feePayer).x);
  input.field(pointBytes(command.source).x);
  input.field(pointBytes(command.receiver).x);
}

/** @throws FormatError for a malformed key or memo, RangeError for a number that is too wide. */
export function writeCommandBits(input: InputWriter, command: Omit<UserCommand, "hash">): void {
  input.uint64(command.fee);
  input.uint64(DEFAULT_TOKEN_ID); // of the fee
  input.boolean(pointBytes(command.feePayer).isOdd);
  input.uint32(command.nonce);
  input.uint32(command.validUntil ?? VALID_FOR_EVER);
  for (const byte of memoBytes(command.memo)) input.bits(byte, 8);
  input.bits(COMMAND_TAG[command.type], 3);
  input.boolean(pointBytes(command.source).isOdd);
  input.boolean(pointBytes(command.receiver).isOdd);
  input.uint64(DEFAULT_TOKEN_ID); // of the amount
  input.uint64(command.amount ?? 0n);
  input.boolean(false); // token locked
}
