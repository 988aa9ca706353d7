// WebAssembly code for arithmetic in the Pallas base field, every limb written out.
//
// The invariant, which each function here and in `permutation-code.ts` takes over and hands on:
//
//   A *loose* element is below 2^258 (the modulus p is a little more than 2^254) and congruent to
//   what it stands for. Its nine limbs are below 2^29, hence the last one is below 2^26.
//
// Nothing is compared with p until a result leaves the module; see `field-bytes-code.ts`.

import { FIELD_MODULUS } from "@forklift/chain";
import { type Code, get, i64, type Local, set } from "../wasm/instructions.ts";
import type { NewLocal } from "../wasm/module-builder.ts";
import { LIMB_BITS, LIMB_COUNT, LIMB_MASK, limbsOf } from "./limbs.ts";

/** Local variables that hold the limbs of one element, lowest first. */
export type Element = readonly Local[];

export const MODULUS_LIMBS = limbsOf(FIELD_MODULUS);

const ONE = i64.constant(1);

const MASK = i64.constant(LIMB_MASK);

export const LIMB_WIDTH = i64.constant(LIMB_BITS);

export const lowLimb = (value: Code): Code => i64.and(value, MASK);

const carryOf = (value: Code): Code => i64.shiftRight(value, LIMB_WIDTH);

export const sum = (terms: readonly Code[]): Code => terms.reduce(i64.add);

export const limbIndexes = Array.from({ length: LIMB_COUNT }, (_, limb) => limb);

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

/** The terms that stand before 2^(29·column) in a product: at most nine, none above column 16. */
export type Product = (column: number) => Code[];

export const NO_PRODUCT: Product = () => [];

export function product(a: Element, b: Element): Product {
  return productOfLimbs(limbs(a), limbs(b));
}

/** The constant's limbs become immediate operands. */
export function productWithConstant(a: Element, constant: bigint): Product {
  return productOfLimbs(limbs(a), limbsOf(constant).map(i64.constant));
}

function productOfLimbs(a: readonly Code[], b: readonly Code[]): Product {
  return (column) => PAIRS[column]!.map(([i, j]) => i64.mul(a[i]!, b[j]!));
}

/** Every product of two different limbs occurs twice, and is computed once. */
export function square(element: Element): Product {
  const a = limbs(element);
  return (column) => {
    const term = ([i, j]: readonly [number, number]): Code => i64.mul(a[i]!, a[j]!);
    const mixed = PAIRS[column]!.filter(([i, j]) => i < j).map(term);
    const twice = mixed.length === 0 ? [] : [i64.shiftLeft(sum(mixed), ONE)];
    return [...twice, ...PAIRS[column]!.filter(([i, j]) => i === j).map(term)];
  };
}

/** Locals for the columns of a product, to use them more than once. */
export function newColumns(newLocal: NewLocal): readonly Local[] {
  return Array.from({ length: 2 * LIMB_COUNT - 1 }, () => newLocal("i64"));
}

export function setColumns(columns: readonly Local[], product: Product): Code {
  return columns.map((local, column) => set(local, sum(product(column))));
}

/** A product less another, no column of which is greater. */
export function minusColumns(product: Product, columns: readonly Local[]): Product {
  return (column) => {
    const subtrahend = columns[column];
    return subtrahend === undefined ? [] : [i64.sub(sum(product(column)), get(subtrahend))];
  };
}

/** Sets `result` to the sum limb by limb, with nothing carried: its limbs are below 2^30. */
export function addConstant(result: Element, element: Element, constant: bigint): Code {
  return limbsOf(constant).map((limb, at) =>
    set(result[at]!, i64.add(get(element[at]!), i64.constant(limb))),
  );
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
 * Products with the limbs of p, as terms to be added. Multiplications are what the whole module
 * waits for, so that up to three shifts are cheaper than one.
 */
const timesModulusLimb = MODULUS_LIMBS.map((limb): ((value: Code) => Code[]) => {
  const bits = Array.from({ length: LIMB_BITS }, (_, bit) => bit).filter(
    (bit) => (limb >> bit) & 1,
  );
  if (bits.length > 3) return (value) => [i64.mul(value, i64.constant(limb))];
  return (value) => bits.map((bit) => i64.shiftLeft(value, i64.constant(bit)));
});

/**
 * Montgomery reduction: sets `result` to product/R + Σ addends, modulo p.
 *
 * To T = product + R·Σ addends it adds the multiple of p that makes the lowest nine limbs zero, and
 * drops them. Since p ≡ 1 modulo 2^29, the multiple that clears a column is the negated column
 * itself. Of p's other limbs three are 0 and two take shifts: three products a column are left.
 *
 * Bounds. The added multiple is below R·p, so the result is below T/R + p. A column of the product
 * is at most 27·2^58, which is three times nine products of limbs (see `mix`; elsewhere 9·2^58).
 * To it come four products of a multiple and a limb of p, each below 2^58, and one with p's last
 * limb, 2^22; at most two limbs; and a carry, below 2^35. Together that is below 32·2^58 = 2^63:
 * no column overflows, and the logical shift is right. The last limb is not cut, because the
 * caller keeps the result loose.
 */
export function reduce(
  result: Element,
  product: Product,
  addends: readonly (readonly Code[])[],
  { column, carry, multiples }: Scratch,
): Code {
  const code: Code[] = [set(carry, i64.constant(0))];
  for (let at = 0; at < 2 * LIMB_COUNT; at++) {
    const terms = product(at);
    for (const [i, j] of PAIRS[at]!) {
      // Limb 0 is left to the carry, below.
      if (j > 0) terms.push(...timesModulusLimb[j]!(get(multiples[i]!)));
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
