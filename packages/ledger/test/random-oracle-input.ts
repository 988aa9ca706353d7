// What Mina feeds its hashes, as numbers: field elements, then bits packed into field elements. The
// package writes the same as bytes, and the tests hold the two equal.

import type { Field } from "@forklift/chain";
import { CHUNK_BITS } from "../src/poseidon/input-writer.ts";

/** An unsigned integer and its width; it is hashed lowest bit first. */
export type Bits = readonly [value: bigint, width: number];

/**
 * Joins the bits, the first lowest, and cuts them into chunks; the last chunk may be short.
 * @throws RangeError for a value wider than its width: it would spill into its neighbour unseen.
 */
function packBits(bits: readonly Bits[]): Field[] {
  const chunks: Field[] = [];
  let chunk = 0n;
  let filled = 0;
  for (const [value, width] of bits) {
    if (value < 0n || value >> BigInt(width) !== 0n) {
      throw new RangeError(`${value} does not fit in ${width} bits`);
    }
    chunk |= value << BigInt(filled);
    filled += width;
    for (; filled >= CHUNK_BITS; filled -= CHUNK_BITS) {
      chunks.push(BigInt.asUintN(CHUNK_BITS, chunk));
      chunk >>= BigInt(CHUNK_BITS);
    }
  }
  if (filled > 0) chunks.push(chunk);
  return chunks;
}

/** An input in the order in which it is hashed: the field elements first, the packed bits last. */
export function packInput(fields: readonly Field[], bits: readonly Bits[]): Field[] {
  return [...fields, ...packBits(bits)];
}
