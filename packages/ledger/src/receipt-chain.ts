// The receipt chain: a hash in every account over all the commands whose fees it has paid.

import {
  DEFAULT_TOKEN_ID,
  FIELD_BYTES,
  type PublicKey,
  type UserCommand,
  type UserCommandType,
  VALID_FOR_EVER,
} from "@forklift/chain";
import { EMPTY_RECEIPT_CHAIN_BYTES } from "./account-objects.ts";
import { memoBytes, pointBytes } from "./decoded-texts.ts";
import { hashInputs } from "./hash-inputs.ts";
import { InputWriter } from "./input-writer.ts";
import type { Ledger } from "./ledger.ts";
import { PAIR_BYTES } from "./poseidon/memory-layout.ts";

/** Kept, Poseidon and prefix, by the Berkeley hard fork. */
const RECEIPT_PREFIX = "CodaReceiptUC";

/** Four field elements and 599 bits, which fill three more; a zero makes it pairs. */
const RECEIPT_PAIRS = 4;
const INPUT_BYTES = RECEIPT_PAIRS * PAIR_BYTES;

/** Tags are three bits, written highest first, unlike every other number. */
const COMMAND_TAG: Readonly<Record<UserCommandType, number>> = {
  payment: 0b000,
  delegation: 0b100,
};

/**
 * The chain with one more command. The signature is no part of it.
 * @param previous 32 canonical little-endian bytes, as the result.
 * @throws FormatError for a malformed key or memo.
 */
export function extendReceiptChain(previous: Uint8Array, command: UserCommand): Uint8Array {
  const input = new Uint8Array(INPUT_BYTES);
  writeReceipt(new InputWriter(input, 0), previous, command);
  return hashInputs(RECEIPT_PREFIX, input, RECEIPT_PAIRS);
}

/**
 * The chains that the commands of a block leave in their fee payers, in the order of the commands.
 * Whether a command fails or is applied does not matter to them, so that they can be computed before:
 * those of different payers in one call, side by side.
 * @throws FormatError for a malformed key or memo.
 */
export function extendReceiptChains(
  ledger: Ledger,
  commands: readonly UserCommand[],
): readonly Uint8Array[] {
  const chains = new Array<Uint8Array>(commands.length);
  const latest = new Map<PublicKey, Uint8Array>();
  let waiting = commands.map((_, at) => at);
  while (waiting.length > 0) {
    // The next command of every payer; a second one builds on the chain of the first.
    const payers = new Set<PublicKey>();
    const [turn, later]: [number[], number[]] = [[], []];
    for (const at of waiting) {
      const { feePayer } = commands[at]!;
      (payers.has(feePayer) ? later : turn).push(at);
      payers.add(feePayer);
    }
    const input = new Uint8Array(turn.length * INPUT_BYTES);
    for (const [place, at] of turn.entries()) {
      const command = commands[at]!;
      const previous = latest.get(command.feePayer) ?? chainOf(ledger, command.feePayer);
      writeReceipt(new InputWriter(input, place * INPUT_BYTES), previous, command);
    }
    const hashes = hashInputs(RECEIPT_PREFIX, input, RECEIPT_PAIRS);
    for (const [place, at] of turn.entries()) {
      const chain = hashes.subarray(place * FIELD_BYTES, (place + 1) * FIELD_BYTES);
      chains[at] = chain;
      latest.set(commands[at]!.feePayer, chain);
    }
    waiting = later;
  }
  return chains;
}

/** A payer without an account is opened in the block itself, or makes the block invalid. */
function chainOf(ledger: Ledger, feePayer: PublicKey): Uint8Array {
  const index = ledger.indexOf(feePayer);
  return index === undefined ? EMPTY_RECEIPT_CHAIN_BYTES : ledger.table.receiptChainHash(index);
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
