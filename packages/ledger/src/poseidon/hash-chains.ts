// Hashes of chains: each input holds the hash of the one before it. A chain is hashed one after the
// other, different chains side by side.

import { FIELD_BYTES } from "@forklift/chain";
import { type HashName, hashHere } from "./hash-inputs.ts";
import { PAIR_BYTES } from "./memory-layout.ts";

/** How every input is hashed. */
export interface ChainRules {
  readonly hash: HashName;
  readonly prefix: string;
  /** Pairs of field elements in an input. */
  readonly pairs: number;
  /** Where in an input the 32 bytes of the hash before it stand. */
  readonly previousAt: number;
}

export interface Chains {
  /** Chain after chain; where the hash before an input belongs, it is zero. */
  readonly inputs: Uint8Array;
  /** Inputs of each chain. */
  readonly lengths: Uint32Array;
  /** What each chain goes on from, 32 bytes each. */
  readonly starts: readonly Uint8Array[];
}

/** In the order of the inputs, 32 bytes each. */
export function hashChains(rules: ChainRules, { inputs, lengths, starts }: Chains): Uint8Array {
  const inputBytes = rules.pairs * PAIR_BYTES;
  const hashes = new Uint8Array((inputs.length / inputBytes) * FIELD_BYTES);
  const firsts = firstsOf(lengths);
  let chains = Array.from(lengths, (_, chain) => chain);
  for (let turn = 0; ; turn++) {
    chains = chains.filter((chain) => lengths[chain]! > turn);
    if (chains.length === 0) return hashes;
    const side = new Uint8Array(chains.length * inputBytes);
    for (const [at, chain] of chains.entries()) {
      const input = firsts[chain]! + turn;
      const previous =
        turn === 0
          ? starts[chain]!
          : hashes.subarray((input - 1) * FIELD_BYTES, input * FIELD_BYTES);
      side.set(inputs.subarray(input * inputBytes, (input + 1) * inputBytes), at * inputBytes);
      side.set(previous, at * inputBytes + rules.previousAt);
    }
    const hashed = hashHere(rules.hash, rules.prefix, side, rules.pairs);
    for (const [at, chain] of chains.entries()) {
      const hash = hashed.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
      hashes.set(hash, (firsts[chain]! + turn) * FIELD_BYTES);
    }
  }
}

/** The number of the first input of each chain. */
function firstsOf(lengths: Uint32Array): Uint32Array {
  const firsts = new Uint32Array(lengths.length);
  for (let chain = 1; chain < lengths.length; chain++) {
    firsts[chain] = firsts[chain - 1]! + lengths[chain - 1]!;
  }
  return firsts;
}
