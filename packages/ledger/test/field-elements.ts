// Field elements for property tests: random ones, and the edges where arithmetic goes wrong.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import fc from "fast-check";
import { LIMB_BITS, LIMB_COUNT, LIMB_MASK } from "../src/poseidon/limbs.ts";

/** Zero, one, the greatest, and numbers whose limbs are all ones from some limb on or up to it. */
const EDGES: readonly Field[] = [
  0n,
  1n,
  FIELD_MODULUS - 1n,
  ...Array.from({ length: LIMB_COUNT - 1 }, (_, limb) => (1n << BigInt(LIMB_BITS * limb)) - 1n),
  ...Array.from({ length: LIMB_COUNT - 1 }, (_, limb) => 2n ** 254n - (1n << BigInt(29 * limb))),
];

export const fieldElement: fc.Arbitrary<Field> = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n }),
);

const limb = fc.oneof(fc.constantFrom(0, 1, LIMB_MASK - 1, LIMB_MASK), fc.nat({ max: LIMB_MASK }));

/** Any number below 2^bits, of nine limbs each of which is often all ones or zero. */
export function looseElement(bits: number): fc.Arbitrary<bigint> {
  const multiples = fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) / FIELD_MODULUS });
  return fc.oneof(
    multiples.map((multiple) => multiple * FIELD_MODULUS),
    fc.array(limb, { minLength: LIMB_COUNT, maxLength: LIMB_COUNT }).map((limbs) => {
      const value = limbs.reduce((sum, part, at) => sum + (BigInt(part) << BigInt(29 * at)), 0n);
      return BigInt.asUintN(bits, value);
    }),
  );
}
