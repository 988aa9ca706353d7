// WebAssembly code between field elements and their 32 little-endian bytes.

import { type Code, get, i64, select, set } from "../wasm/instructions.ts";
import { type Element, limbIndexes, MODULUS_LIMBS, type Scratch } from "./field-code.ts";
import { LIMB_BITS, LIMB_MASK } from "./limbs.ts";

const WORD_BITS = 64;

const WORD_COUNT = 4;

const lowLimb = (value: Code): Code => i64.and(value, i64.constant(LIMB_MASK));

/** Cuts 32 little-endian bytes into limbs. Any bytes give a loose element: 2^256 < 2^258. */
export function loadBytes(element: Element, address: Code, offset: number): Code {
  return element.map((local, limb) => {
    const word = Math.floor((LIMB_BITS * limb) / WORD_BITS);
    const shift = (LIMB_BITS * limb) % WORD_BITS;
    const load = (index: number): Code => i64.load(address, offset + 8 * index);
    const low = i64.shiftRight(load(word), i64.constant(shift));
    if (shift + LIMB_BITS <= WORD_BITS || word + 1 === WORD_COUNT) return set(local, lowLimb(low));
    const high = i64.shiftLeft(load(word + 1), i64.constant(WORD_BITS - shift));
    return set(local, lowLimb(i64.or(low, high)));
  });
}

/**
 * Stores an element below 2p as the 32 little-endian bytes of the one number below p. `difference`
 * is for the element minus p: its carry is 0, or -1 where the element was below p already.
 */
export function storeCanonical(
  element: Element,
  address: Code,
  difference: Element,
  { column, carry }: Scratch,
): Code {
  const subtract = limbIndexes.map((limb) => [
    set(
      column,
      [get(element[limb]!), i64.constant(-MODULUS_LIMBS[limb]!), get(carry)].reduce(i64.add),
    ),
    set(difference[limb]!, lowLimb(get(column))),
    set(carry, i64.shiftRightSigned(get(column), i64.constant(LIMB_BITS))),
  ]);
  const choose = limbIndexes.map((limb) =>
    set(
      difference[limb]!,
      select(i64.lessThanZero(get(carry)), get(element[limb]!), get(difference[limb]!)),
    ),
  );
  const words = Array.from({ length: WORD_COUNT }, (_, word) => {
    const parts = limbIndexes.flatMap((limb) => {
      const shift = LIMB_BITS * limb - WORD_BITS * word;
      if (shift <= -LIMB_BITS || shift >= WORD_BITS) return [];
      const shifted = shift < 0 ? i64.shiftRight : i64.shiftLeft;
      return [shifted(get(difference[limb]!), i64.constant(Math.abs(shift)))];
    });
    return i64.store(address, parts.reduce(i64.or), 8 * word);
  });
  return [set(carry, i64.constant(0)), subtract, choose, words];
}
