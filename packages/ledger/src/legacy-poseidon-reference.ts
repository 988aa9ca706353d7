// The legacy Poseidon as the paper has it, in plain BigInt: width 3, rate 2, x^5, 63 full rounds.
//
// Some eight times slower than the WebAssembly that the package hashes with, and the tests hold the two
// equal. Readers who wonder what the fast one computes find it here.

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

/** Absorbs field elements two at a time. Even no element takes a permutation. */
export function absorb(start: SpongeState, inputs: readonly Field[]): SpongeState {
  let state = start;
  for (let at = 0; at < inputs.length || at === 0; at += 2) {
    state = permute([state[0] + (inputs[at] ?? 0n), state[1] + (inputs[at + 1] ?? 0n), state[2]]);
  }
  return state;
}
