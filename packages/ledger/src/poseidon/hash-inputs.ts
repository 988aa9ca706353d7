// The two hashes of Mina over bytes: many inputs of one form hashed in one call.

import { KIMCHI_PARAMETERS } from "./kimchi-parameters.ts";
import { LEGACY_PARAMETERS } from "./legacy-parameters.ts";
import { PrefixedHash } from "./prefixed-hash.ts";

/** What protocol 1.x hashes with, and receipt chains to this day. */
export const legacyHash = new PrefixedHash(LEGACY_PARAMETERS);

/** What Berkeley hashes accounts and ledgers with. */
export const kimchiHash = new PrefixedHash(KIMCHI_PARAMETERS);

/** For a thread, to which a hash itself cannot be sent. */
export const hashOfName = { legacy: legacyHash, kimchi: kimchiHash } as const;

export type HashName = keyof typeof hashOfName;

/** Hashes many inputs of one form, as `PrefixedHash.hash`; on which threads is its own affair. */
export type HashMany = (
  name: HashName,
  prefix: string,
  inputs: Uint8Array,
  pairs: number,
) => Uint8Array;

/** On the caller's thread. */
export const hashHere: HashMany = (name, prefix, inputs, pairs) =>
  hashOfName[name].hash(prefix, inputs, pairs);

/** `legacyHash.hash`. */
export function hashInputs(prefix: string, inputs: Uint8Array, pairs: number): Uint8Array {
  return legacyHash.hash(prefix, inputs, pairs);
}

/** Permutations since the process began, of either hash. What hashing costs, whatever it takes. */
export function permutationsDone(): number {
  return legacyHash.permutations + kimchiHash.permutations;
}
