// The hash of the message that the payer of a user command signs, by the rules of protocol 1.x.

import { FIELD_BYTES, type Field, fieldFromBytes, type UserCommand } from "@forklift/chain";
import {
  COMMAND_BIT_ELEMENTS,
  COMMAND_KEYS,
  writeCommandBits,
  writeCommandKeys,
} from "../block/command-input.ts";
import { hashInputs } from "../poseidon/hash-inputs.ts";
import { InputWriter } from "../poseidon/input-writer.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { pairsFor } from "../poseidon/prefixed-hash.ts";

/** By whose prefix a network signs: mainnet's, or that of every other. */
export type SignatureKind = "mainnet" | "testnet";

const PREFIX: Readonly<Record<SignatureKind, string>> = {
  mainnet: "MinaSignatureMainnet",
  testnet: "CodaSignature",
};

/** The command, the coordinates of the key, and r; a zero makes it pairs. */
const INPUT_PAIRS = pairsFor(COMMAND_KEYS + 3 + COMMAND_BIT_ELEMENTS);
const INPUT_BYTES = INPUT_PAIRS * PAIR_BYTES;

export interface Message {
  readonly command: Omit<UserCommand, "hash">;
  /** Of the signer, as 32 canonical bytes each. */
  readonly key: { readonly x: Uint8Array; readonly y: Uint8Array };
  /** The x of the signature's point, likewise. */
  readonly r: Uint8Array;
}

/**
 * Below the modulus of the field, hence a scalar as it is.
 * @throws FormatError for a malformed key or memo, RangeError for a number that is too wide.
 */
export function hashMessages(messages: readonly Message[], kind: SignatureKind): Field[] {
  const inputs = new Uint8Array(messages.length * INPUT_BYTES);
  for (const [at, { command, key, r }] of messages.entries()) {
    const input = new InputWriter(inputs, at * INPUT_BYTES);
    writeCommandKeys(input, command);
    input.field(key.x);
    input.field(key.y);
    input.field(r);
    writeCommandBits(input, command);
  }
  const hashes = hashInputs(PREFIX[kind], inputs, INPUT_PAIRS);
  return messages.map((_, at) =>
    fieldFromBytes(hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES)),
  );
}
