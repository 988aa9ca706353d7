// The legacy Poseidon of protocol 1.x: width 3, rate 2, x^5, 63 full rounds, in plain BigInt.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import { MDS, ROUND_CONSTANTS, type Row } from "./legacy-poseidon-constants.ts";

/** Two elements that absorb and one that never leaves the sponge. */
export type SpongeState = readonly [Field, Field, Field];

const [INITIAL_CONSTANTS, ...FINAL_CONSTANTS] = ROUND_CONSTANTS as [Row, ...Row[]];

/**
 * Division is what costs here, so there are nine a round: the fifth power leaves its last product
 * unreduced, and each row of the matrix is reduced once, with its round constant already added.
 */
export function permute(state: SpongeState): SpongeState {
  const p = FIELD_MODULUS;
  const [[m00, m01, m02], [m10, m11, m12], [m20, m21, m22]] = MDS;
  let s0 = (state[0] + INITIAL_CONSTANTS[0]) % p;
  let s1 = (state[1] + INITIAL_CONSTANTS[1]) % p;
  let s2 = (state[2] + INITIAL_CONSTANTS[2]) % p;
  for (const [c0, c1, c2] of FINAL_CONSTANTS) {
    const square0 = (s0 * s0) % p;
    const square1 = (s1 * s1) % p;
    const square2 = (s2 * s2) % p;
    const fifth0 = ((square0 * square0) % p) * s0;
    const fifth1 = ((square1 * square1) % p) * s1;
    const fifth2 = ((square2 * square2) % p) * s2;
    s0 = (m00 * fifth0 + m01 * fifth1 + m02 * fifth2 + c0) % p;
    s1 = (m10 * fifth0 + m11 * fifth1 + m12 * fifth2 + c1) % p;
    s2 = (m20 * fifth0 + m21 * fifth1 + m22 * fifth2 + c2) % p;
  }
  return [s0, s1, s2];
}

/** The protocol pads every hash prefix to this many bytes, with asterisks. */
const PREFIX_BYTES = 20;

/** Prefixes are words of the protocol, some thirty in all, so this map stays that small. */
const prefixStates = new Map<string, SpongeState>();

/** The sponge after it has absorbed a hash prefix. @throws RangeError above 20 bytes. */
export function prefixState(prefix: string): SpongeState {
  const known = prefixStates.get(prefix);
  if (known !== undefined) return known;
  if (prefix.length > PREFIX_BYTES) {
    throw new RangeError(`hash prefix ${prefix} is longer than ${PREFIX_BYTES} bytes`);
  }
  const state = permute([numberOfText(prefix.padEnd(PREFIX_BYTES, "*")), 0n, 0n]);
  prefixStates.set(prefix, state);
  return state;
}

/** Hashes field elements, two at a time, under a prefix. Even no element takes a permutation. */
export function hashLegacy(prefix: string, inputs: readonly Field[]): Field {
  let state = prefixState(prefix);
  for (let at = 0; at < inputs.length || at === 0; at += 2) {
    state = permute([state[0] + (inputs[at] ?? 0n), state[1] + (inputs[at + 1] ?? 0n), state[2]]);
  }
  return state[0];
}

/** A constant of the protocol named by a text. Unlike a prefix, the text is not padded. */
export function salt(text: string): Field {
  return permute([numberOfText(text), 0n, 0n])[0];
}

function numberOfText(text: string): bigint {
  return BigInt(`0x${Buffer.from(text, "ascii").reverse().toString("hex")}`);
}
