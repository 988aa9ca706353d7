// WebAssembly code for arithmetic in the Pallas base field, every limb written out.
//
// The invariant, which each function here and in `permutation-code.ts` takes over and hands on:
//
//   A *loose* element is below 2^258 (the modulus p is a little more than 2^254) and congruent to
//   what it stands for. Its nine limbs are below 2^29, hence the last one is below 2^26.
//
// Nothing is compared with p until a result leaves the module; see `storeCanonical`.

import { FIELD_MODULUS } from "@forklift/chain";
import { type Code, get, i64, type Local, select, set } from "../wasm/instructions.ts";
import type { NewLocal } from "../wasm/module-builder.ts";
import { LIMB_BITS, LIMB_COUNT, LIMB_MASK, limbsOf } from "./limbs.ts";

/** Local variables that hold the limbs of one element, lowest first. */
export type Element = readonly Local[];

const MODULUS_LIMBS = limbsOf(FIELD_MODULUS);

const ONE = i64.constant(1);

const MASK = i64.constant(LIMB_MASK);

const WIDTH = i64.constant(LIMB_BITS);

const lowLimb = (value: Code): Code => i64.and(value, MASK);

const carryOf = (value: Code): Code => i64.shiftRight(value, WIDTH);

const sum = (terms: readonly Code[]): Code => terms.reduce(i64.add);

const limbIndexes = Array.from({ length: LIMB_COUNT }, (_, limb) => limb);

/** By column of a product: which limbs of its factors meet there. */
const PAIRS = Array.from({ length: 2 * LIMB_COUNT }, (_, column) =>
  limbIndexes.map((i) => [i, column - i] as const).filter(([, j]) => j >= 0 && j < LIMB_COUNT),
);

export function newElement(newLocal: NewLocal): Element {
  return limbIndexes.map(() => newLocal("i64"));
}

export function loadElement(element: Element, address: Code, offset = 0): Code {
  return element.map((local, limb) => set(local, i64.load32(address, offset + 4 * limb)));
}

export function storeElement(element: Element, address: Code, offset = 0): Code {
  return element.map((local, limb) => i64.store32(address, get(local), offset + 4 * limb));
}

/** The terms that stand before 2^(29·column) in a product; there are at most nine of them. */
export type ProductColumn = (column: number) => Code[];

export function product(a: Element, b: Element): ProductColumn {
  return productOfLimbs(limbs(a), limbs(b));
}

/** The constant's limbs become immediate operands. */
export function productWithConstant(a: Element, constant: bigint): ProductColumn {
  return productOfLimbs(limbs(a), limbsOf(constant).map(i64.constant));
}

function productOfLimbs(a: readonly Code[], b: readonly Code[]): ProductColumn {
  return (column) => PAIRS[column]!.map(([i, j]) => i64.mul(a[i]!, b[j]!));
}

/** Every product of two different limbs occurs twice, and is computed once. */
export function square(element: Element): ProductColumn {
  const a = limbs(element);
  return (column) => {
    const term = ([i, j]: readonly [number, number]): Code => i64.mul(a[i]!, a[j]!);
    const mixed = PAIRS[column]!.filter(([i, j]) => i < j).map(term);
    const twice = mixed.length === 0 ? [] : [i64.shiftLeft(sum(mixed), ONE)];
    return [...twice, ...PAIRS[column]!.filter(([i, j]) => i === j).map(term)];
  };
}

/** Locals that every reduction in a function shares. */
export interface Scratch {
  readonly column: Local;
  readonly carry: Local;
  /** The multiples of p that have been added. */
  readonly multiples: Element;
}

export function newScratch(newLocal: NewLocal): Scratch {
  return { column: newLocal("i64"), carry: newLocal("i64"), multiples: newElement(newLocal) };
}

/**
 * Montgomery reduction: sets `result` to (Σ products)/R + Σ addends, modulo p.
 *
 * To T = Σ products + R·Σ addends it adds the multiple of p that makes the lowest nine limbs zero,
 * and drops them. Since p ≡ 1 modulo 2^29, the multiple that clears a column is the negated column
 * itself, and five limbs of p are 0 or 1: four products and a shift a column.
 *
 * Bounds. The added multiple is below R·p, so the result is below T/R + p. With two products and
 * two addends, the most we use, a column holds at most 2·9 products of limbs and 4 of multiples
 * with p's limbs 1 to 4, each below 2^58; one of a multiple with p's last limb, 2^22; two limbs;
 * and a carry, below 2^35. Together that is below 23·2^58 < 2^63: no column overflows, and the
 * logical shift is right. The last limb is not cut, because the caller keeps the result loose.
 */
export function reduce(
  result: Element,
  products: readonly ProductColumn[],
  addends: readonly (readonly Code[])[],
  { column, carry, multiples }: Scratch,
): Code {
  const code: Code[] = [set(carry, i64.constant(0))];
  for (let at = 0; at < 2 * LIMB_COUNT; at++) {
    const terms = products.flatMap((productColumn) => productColumn(at));
    for (const [i, j] of PAIRS[at]!) {
      const limb = MODULUS_LIMBS[j]!;
      // Limb 0 is left to the carry, below.
      if (j > 0 && limb !== 0) terms.push(i64.mul(get(multiples[i]!), i64.constant(limb)));
    }
    const high = at - LIMB_COUNT;
    if (high >= 0) terms.push(...addends.map((limbs) => limbs[high]!));
    code.push(set(column, sum([...terms, get(carry)])));
    if (high < 0) {
      // Adding the multiple rounds the column up to the next multiple of 2^29.
      code.push(
        set(multiples[at]!, lowLimb(i64.sub(i64.constant(0), get(column)))),
        set(carry, carryOf(i64.add(get(column), MASK))),
      );
    } else if (high < LIMB_COUNT - 1) {
      code.push(set(result[high]!, lowLimb(get(column))), set(carry, carryOf(get(column))));
    } else {
      code.push(set(result[high]!, get(column)));
    }
  }
  return code;
}

/** The limbs of an element, to be added. */
export function limbs(element: Element): Code[] {
  return element.map(get);
}

/** The limbs of an element in memory, to be added. */
export function limbsInMemory(address: Code, offset = 0): Code[] {
  return limbIndexes.map((limb) => i64.load32(address, offset + 4 * limb));
}

const WORD_BITS = 64;

const WORD_COUNT = 4;

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
    set(column, sum([get(element[limb]!), i64.constant(-MODULUS_LIMBS[limb]!), get(carry)])),
    set(difference[limb]!, lowLimb(get(column))),
    set(carry, i64.shiftRightSigned(get(column), WIDTH)),
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
