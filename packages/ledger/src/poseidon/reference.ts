// Poseidon as the paper has it, in plain BigInt.
//
// Many times slower than the WebAssembly that the package hashes with, and the tests hold the two
// equal. Readers who wonder what the fast one computes find it here.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import type { PoseidonParameters } from "./parameters.ts";
import { bytesOfPrefix } from "./prefixed-hash.ts";

/** Two elements that absorb and one that never leaves the sponge. */
export type SpongeState = readonly [Field, Field, Field];

/**
 * Division is what costs here, so the last product of a power is left unreduced, and each row of the
 * matrix is reduced once, with its round constant already added.
 */
export function permute(
  { exponent, matrix, roundConstants }: PoseidonParameters,
  state: SpongeState,
): SpongeState {
  const p = FIELD_MODULUS;
  const [[m00, m01, m02], [m10, m11, m12], [m20, m21, m22]] = matrix;
  const power = exponent === 5 ? fifthPower : seventhPower;
  const [first, ...rest] = roundConstants;
  let s0 = (state[0] + first![0]) % p;
  let s1 = (state[1] + first![1]) % p;
  let s2 = (state[2] + first![2]) % p;
  for (const [c0, c1, c2] of rest) {
    const power0 = power(s0);
    const power1 = power(s1);
    const power2 = power(s2);
    s0 = (m00 * power0 + m01 * power1 + m02 * power2 + c0) % p;
    s1 = (m10 * power0 + m11 * power1 + m12 * power2 + c1) % p;
    s2 = (m20 * power0 + m21 * power1 + m22 * power2 + c2) % p;
  }
  return [s0, s1, s2];
}

function fifthPower(x: Field): bigint {
  const square = (x * x) % FIELD_MODULUS;
  return ((square * square) % FIELD_MODULUS) * x;
}

function seventhPower(x: Field): bigint {
  const square = (x * x) % FIELD_MODULUS;
  const fourth = (square * square) % FIELD_MODULUS;
  return ((fourth * square) % FIELD_MODULUS) * x;
}

/** Absorbs field elements two at a time. Even no element takes a permutation. */
export function absorb(
  parameters: PoseidonParameters,
  start: SpongeState,
  inputs: readonly Field[],
): SpongeState {
  let [s0, s1, s2] = start;
  for (let at = 0; at < inputs.length || at === 0; at += 2) {
    const absorbed: SpongeState = [s0 + (inputs[at] ?? 0n), s1 + (inputs[at + 1] ?? 0n), s2];
    [s0, s1, s2] = permute(parameters, absorbed);
  }
  return [s0, s1, s2];
}

/** The sponge after it has absorbed a padded hash prefix. @throws RangeError above 20 bytes. */
export function prefixState(parameters: PoseidonParameters, prefix: string): SpongeState {
  const number = BigInt(`0x${Buffer.from(bytesOfPrefix(prefix)).reverse().toString("hex")}`);
  return absorb(parameters, [0n, 0n, 0n], [number]);
}
