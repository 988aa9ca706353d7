// WebAssembly code for arithmetic in the Pallas base field, every limb written out.
//
// The invariant, which each function here and in `permutation-code.ts` takes over and hands on:
//
//   A *loose* element is below 2^258 (the modulus p is a little more than 2^254) and congruent to
//   what it stands for. Its nine limbs are below 2^29, hence the last one is below 2^26.
//
// Nothing is compared with p until a result leaves the module; see `field-bytes-code.ts`.

import { FIELD_MODULUS } from "@forklift/chain";
import { type Code, get, type Local, set } from "../wasm/instructions.ts";
import type { NewLocal } from "../wasm/module-builder.ts";
import { type Lanes, STATE_LIMB_BYTES } from "./lanes.ts";
import { CONSTANT_LIMB_BYTES, LIMB_BITS, LIMB_COUNT, LIMB_MASK, limbsOf } from "./limbs.ts";

/** Local variables that hold the limbs of one element, lowest first; in each lane one. */
export type Element = readonly Local[];

export const MODULUS_LIMBS = limbsOf(FIELD_MODULUS);

export const limbIndexes = Array.from({ length: LIMB_COUNT }, (_, limb) => limb);

/** By column of a product: which limbs of its factors meet there. */
const PAIRS = Array.from({ length: 2 * LIMB_COUNT }, (_, column) =>
  limbIndexes.map((i) => [i, column - i] as const).filter(([, j]) => j >= 0 && j < LIMB_COUNT),
);

/** The last column of a product has one carry and nothing else. */
const COLUMN_COUNT = 2 * LIMB_COUNT - 1;

function sum(lanes: Lanes, terms: readonly Code[]): Code {
  return terms.reduce(lanes.add);
}

export function newElement(lanes: Lanes, newLocal: NewLocal): Element {
  return limbIndexes.map(() => newLocal(lanes.type));
}

export function loadElement(lanes: Lanes, element: Element, address: Code, offset = 0): Code {
  return element.map((local, limb) =>
    set(local, lanes.load(address, offset + STATE_LIMB_BYTES * limb)),
  );
}

/** Loads what will only be multiplied. */
export function loadFactor(lanes: Lanes, element: Element, address: Code, offset = 0): Code {
  return [loadElement(lanes, element, address, offset), toFactor(lanes, element)];
}

/** From here on the element can only be multiplied. */
export function toFactor(lanes: Lanes, element: Element): Code {
  return element.map((local) => set(local, lanes.asFactor(local)));
}

export function storeElement(lanes: Lanes, element: Element, address: Code, offset = 0): Code {
  return element.map((local, limb) =>
    lanes.store(address, get(local), offset + STATE_LIMB_BYTES * limb),
  );
}

/** The terms that stand before 2^(29·column) in a product: at most nine, none above column 16. */
export type Product = (column: number) => Code[];

export const NO_PRODUCT: Product = () => [];

/** Of two elements in the form of factors. */
export function product(lanes: Lanes, a: Element, b: Element): Product {
  return productOfLimbs(lanes, limbs(a), limbs(b));
}

/** The constant's limbs become immediate operands. */
export function productWithConstant(lanes: Lanes, a: Element, constant: bigint): Product {
  return productOfLimbs(lanes, limbs(a), limbsOf(constant).map(lanes.constantFactor));
}

function productOfLimbs(lanes: Lanes, a: readonly Code[], b: readonly Code[]): Product {
  return (column) => PAIRS[column]!.map(([i, j]) => lanes.multiply(a[i]!, b[j]!));
}

/** Every product of two different limbs occurs twice, and is computed once. */
export function square(lanes: Lanes, factor: Element): Product {
  const a = limbs(factor);
  return (column) => {
    const term = ([i, j]: readonly [number, number]): Code => lanes.multiply(a[i]!, a[j]!);
    const mixed = PAIRS[column]!.filter(([i, j]) => i < j).map(term);
    const twice = mixed.length === 0 ? [] : [lanes.shiftLeft(sum(lanes, mixed), 1)];
    return [...twice, ...PAIRS[column]!.filter(([i, j]) => i === j).map(term)];
  };
}

/** Keeps a product, nothing of it carried, to be subtracted from others. */
export function storeColumns(lanes: Lanes, product: Product, address: Code, offset: number): Code {
  return Array.from({ length: COLUMN_COUNT }, (_, column) =>
    lanes.store(address, sum(lanes, product(column)), offset + STATE_LIMB_BYTES * column),
  );
}

/** A product less one that was kept, no column of which is greater. */
export function minusColumns(
  lanes: Lanes,
  product: Product,
  address: Code,
  offset: number,
): Product {
  return (column) => {
    if (column >= COLUMN_COUNT) return [];
    const kept = lanes.load(address, offset + STATE_LIMB_BYTES * column);
    return [lanes.sub(sum(lanes, product(column)), kept)];
  };
}

/** Adds limb by limb, with nothing carried: the factor's limbs are below 2^30 then. */
export function addConstant(lanes: Lanes, factor: Element, constant: bigint): Code {
  return limbsOf(constant).map((limb, at) =>
    set(factor[at]!, lanes.addFactors(get(factor[at]!), lanes.constantFactor(limb))),
  );
}

/** Locals that every reduction in a function shares. */
export interface Scratch {
  readonly column: Local;
  readonly carry: Local;
  /** The multiples of p that have been added, as they are and as factors. */
  readonly multiples: Element;
  readonly multipleFactors: Element;
}

export function newScratch(lanes: Lanes, newLocal: NewLocal): Scratch {
  return {
    column: newLocal(lanes.type),
    carry: newLocal(lanes.type),
    multiples: newElement(lanes, newLocal),
    multipleFactors: newElement(lanes, newLocal),
  };
}

/** Products of a multiple with each limb of p, as terms to be added. */
function modulusTerms(lanes: Lanes, { multiples, multipleFactors }: Scratch) {
  return MODULUS_LIMBS.map((limb): ((at: number) => Code[]) => {
    const bits = Array.from({ length: LIMB_BITS }, (_, bit) => bit).filter(
      (bit) => (limb >> bit) & 1,
    );
    if (bits.length > lanes.shiftsPerProduct) {
      return (at) => [lanes.multiply(get(multipleFactors[at]!), lanes.constantFactor(limb))];
    }
    return (at) => bits.map((bit) => lanes.shiftLeft(get(multiples[at]!), bit));
  });
}

/**
 * Montgomery reduction: sets `result` to product/R + Σ addends, modulo p.
 *
 * To T = product + R·Σ addends it adds the multiple of p that makes the lowest nine limbs zero, and
 * drops them. Since p ≡ 1 modulo 2^29, the multiple that clears a column is the negated column
 * itself. Of p's other limbs three are 0 and one or two take shifts: three or four products a column
 * are left.
 *
 * Bounds. The added multiple is below R·p, so the result is below T/R + p. A column of the product
 * is at most 27·2^58, which is three times nine products of limbs (see `mix`; elsewhere 9·2^58).
 * To it come four products of a multiple and a limb of p, each below 2^58, and one with p's last
 * limb, 2^22; at most two limbs; and a carry, below 2^35. Together that is below 32·2^58 = 2^63:
 * no column overflows, and the logical shift is right. The last limb is not cut, because the
 * caller keeps the result loose.
 */
export function reduce(
  lanes: Lanes,
  result: Element,
  product: Product,
  addends: readonly (readonly Code[])[],
  scratch: Scratch,
): Code[] {
  const { column, carry, multiples, multipleFactors } = scratch;
  const mask = lanes.constant(LIMB_MASK);
  const timesModulusLimb = modulusTerms(lanes, scratch);
  const code: Code[] = [set(carry, lanes.constant(0))];
  for (let at = 0; at < 2 * LIMB_COUNT; at++) {
    const terms = product(at);
    for (const [i, j] of PAIRS[at]!) {
      // Limb 0 is left to the carry, below.
      if (j > 0) terms.push(...timesModulusLimb[j]!(i));
    }
    const high = at - LIMB_COUNT;
    if (high >= 0) terms.push(...addends.map((limbs) => limbs[high]!));
    code.push(set(column, sum(lanes, [...terms, get(carry)])));
    if (high < 0) {
      // Adding the multiple rounds the column up to the next multiple of 2^29.
      const multiple = multiples[at]!;
      code.push(
        set(multiple, lanes.and(lanes.sub(lanes.constant(0), get(column)), mask)),
        set(multipleFactors[at]!, lanes.asFactor(multiple)),
        set(carry, lanes.shiftRight(lanes.add(get(column), mask), LIMB_BITS)),
      );
    } else if (high < LIMB_COUNT - 1) {
      code.push(
        set(result[high]!, lanes.and(get(column), mask)),
        set(carry, lanes.shiftRight(get(column), LIMB_BITS)),
      );
    } else {
      code.push(set(result[high]!, get(column)));
    }
  }
  return code;
}

/** The limbs of an element, to be added or, of a factor, to be multiplied. */
function limbs(element: Element): Code[] {
  return element.map(get);
}

/** The limbs of an element of the state, to be added. */
export function limbsOfState(lanes: Lanes, address: Code, offset: number): Code[] {
  return limbIndexes.map((limb) => lanes.load(address, offset + STATE_LIMB_BYTES * limb));
}

/** The limbs of a constant in memory, to be added. */
export function limbsOfConstant(lanes: Lanes, address: Code, offset = 0): Code[] {
  return limbIndexes.map((limb) =>
    lanes.loadConstant(address, offset + CONSTANT_LIMB_BYTES * limb),
  );
}
