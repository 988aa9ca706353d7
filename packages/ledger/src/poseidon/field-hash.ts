// Mina's hashes over field elements as numbers. Hot paths hash bytes: see `hash-inputs.ts`.

import {
  FIELD_BYTES,
  FIELD_MODULUS,
  type Field,
  fieldFromBytes,
  fieldToBytes,
} from "@forklift/chain";
import { kimchiHash, legacyHash } from "./hash-inputs.ts";
import { type PrefixedHash, pairsFor } from "./prefixed-hash.ts";

/**
 * Hashes field elements, two at a time, under a prefix. Even no element takes a permutation.
 * @throws RangeError for a prefix above 20 bytes, or for more than 8,192 elements.
 */
export function hashLegacy(prefix: string, inputs: readonly Field[]): Field {
  return hashFields(legacyHash, prefix, inputs);
}

/** The same with the Poseidon of Berkeley. */
export function hashKimchi(prefix: string, inputs: readonly Field[]): Field {
  return hashFields(kimchiHash, prefix, inputs);
}

/** A constant of the protocol named by a text, such as the receipt chain of a new account. */
export function legacySalt(text: string): Field {
  return fieldFromBytes(legacyHash.salt(text));
}

/** The same with the Poseidon of Berkeley. */
export function kimchiSalt(text: string): Field {
  return fieldFromBytes(kimchiHash.salt(text));
}

function hashFields(hash: PrefixedHash, prefix: string, inputs: readonly Field[]): Field {
  const pairs = pairsFor(inputs.length);
  const bytes = new Uint8Array(2 * pairs * FIELD_BYTES);
  for (const [at, element] of inputs.entries()) {
    bytes.set(fieldToBytes(canonical(element)), at * FIELD_BYTES);
  }
  return fieldFromBytes(hash.hash(prefix, bytes, pairs));
}

/** Elements count modulo the field; only canonical ones reach the module. */
function canonical(element: bigint): Field {
  const rest = element % FIELD_MODULUS;
  return rest < 0n ? rest + FIELD_MODULUS : rest;
}
