// The receipt chain: a hash in every account over all the commands whose fees it has paid.

import { FIELD_BYTES, type PublicKey, type UserCommand } from "@forklift/chain";
import { EMPTY_RECEIPT_CHAIN_BYTES } from "../accounts/account-objects.ts";
import {
  COMMAND_BIT_ELEMENTS,
  COMMAND_KEYS,
  writeCommandBits,
  writeCommandKeys,
} from "../block/command-input.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type ChainRules, hashChains } from "../poseidon/hash-chains.ts";
import { InputWriter } from "../poseidon/input-writer.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { pairsFor } from "../poseidon/prefixed-hash.ts";

/** The command and the chain before it; a zero makes it pairs. */
const INPUT_PAIRS = pairsFor(COMMAND_KEYS + 1 + COMMAND_BIT_ELEMENTS);
const INPUT_BYTES = INPUT_PAIRS * PAIR_BYTES;

/** Kept, Poseidon and prefix, by the Berkeley hard fork. The chain before stands behind three keys. */
export const RECEIPT_RULES: ChainRules = {
  hash: "legacy",
  prefix: "CodaReceiptUC",
  pairs: INPUT_PAIRS,
  previousAt: COMMAND_KEYS * FIELD_BYTES,
};

/** Stands in an input for the chain before, until that is known. */
const UNKNOWN = new Uint8Array(FIELD_BYTES);

/**
 * The chain with one more command. The signature is no part of it.
 * @param previous 32 canonical little-endian bytes, as the result.
 * @throws FormatError for a malformed key or memo.
 */
export function extendReceiptChain(previous: Uint8Array, command: UserCommand): Uint8Array {
  const { inputs, lengths } = receiptInputs([command]);
  return hashChains(RECEIPT_RULES, { inputs, lengths, starts: [previous] });
}

/**
 * The chains that the commands of a block leave in their fee payers, in the order of the commands.
 * Whether a command fails or is applied does not matter to them, so that they can be computed before:
 * those of different payers side by side.
 * @throws FormatError for a malformed key or memo.
 */
export function extendReceiptChains(
  ledger: Ledger,
  commands: readonly UserCommand[],
): readonly Uint8Array[] {
  const { payers, inputs, lengths, order } = receiptInputs(commands);
  const starts = payers.map((payer) => receiptChainOf(ledger, payer));
  return inCommandOrder(hashChains(RECEIPT_RULES, { inputs, lengths, starts }), order);
}

/** What is hashed for some commands, payer after payer, each with what stands before it left out. */
export interface ReceiptInputs {
  readonly payers: readonly PublicKey[];
  /** Commands of each payer. */
  readonly lengths: Uint32Array;
  readonly inputs: Uint8Array<ArrayBuffer>;
  /** Which command each input is of. */
  readonly order: Uint32Array;
}

/** @throws FormatError for a malformed key or memo. */
export function receiptInputs(commands: readonly UserCommand[]): ReceiptInputs {
  const ofPayer = new Map<PublicKey, number[]>();
  for (const [at, { feePayer }] of commands.entries()) {
    const own = ofPayer.get(feePayer);
    if (own === undefined) ofPayer.set(feePayer, [at]);
    else own.push(at);
  }
  const order = Uint32Array.from([...ofPayer.values()].flat());
  const inputs = new Uint8Array(order.length * INPUT_BYTES);
  for (const [input, at] of order.entries()) {
    writeReceipt(new InputWriter(inputs, input * INPUT_BYTES), UNKNOWN, commands[at]!);
  }
  const lengths = Uint32Array.from(ofPayer.values(), ({ length }) => length);
  return { payers: [...ofPayer.keys()], lengths, inputs, order };
}

/** The hash of each input as that of its command; views. */
export function inCommandOrder(hashes: Uint8Array, order: Uint32Array): readonly Uint8Array[] {
  const chains = new Array<Uint8Array>(order.length);
  for (const [input, at] of order.entries()) {
    chains[at] = hashes.subarray(input * FIELD_BYTES, (input + 1) * FIELD_BYTES);
  }
  return chains;
}

/** A payer without an account is opened before it pays, or makes its block invalid. */
export function receiptChainOf(ledger: Ledger, feePayer: PublicKey): Uint8Array {
  const index = ledger.indexOf(feePayer);
  return index === undefined ? EMPTY_RECEIPT_CHAIN_BYTES : ledger.table.receiptChainHash(index);
}

function writeReceipt(input: InputWriter, previous: Uint8Array, command: UserCommand): void {
  writeCommandKeys(input, command);
  input.field(previous);
  writeCommandBits(input, command);
}
