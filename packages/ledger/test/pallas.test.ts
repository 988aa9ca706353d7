// Roots and points of the Pallas curve, by definitions that are slow and plain.

import { FIELD_MODULUS } from "@forklift/chain";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addPairs } from "../src/signature/add-pairs.ts";
import {
  type Affine,
  consecutivePoints,
  GENERATOR,
  pointOf,
  pointWithX,
  SCALAR_MODULUS,
  ZERO,
} from "../src/signature/pallas.ts";
import { squareRoot } from "../src/signature/square-root.ts";
import { sumOfProducts } from "../src/signature/sum-of-products.ts";
import { fieldElement } from "./field-elements.ts";

const scalar = fc.bigInt({ min: 0n, max: SCALAR_MODULUS - 1n });

test("the generator is a point of the curve, of its order", () => {
  expect(pointWithX(1n, true)).toEqual(GENERATOR.toAffine());
  expect(pointOf(pointWithX(1n, false)!).equals(GENERATOR.negate())).toBe(true);
  expect(GENERATOR.multiplyUnsafe(SCALAR_MODULUS - 1n).equals(GENERATOR.negate())).toBe(true);
});

test("a square has a root, and five times a square has none", () => {
  fc.assert(
    fc.property(fieldElement, (root) => {
      const square = (root * root) % FIELD_MODULUS;
      expect([root, (FIELD_MODULUS - root) % FIELD_MODULUS]).toContain(squareRoot(square));
      if (root !== 0n) expect(squareRoot((5n * square) % FIELD_MODULUS)).toBeNull();
    }),
    { numRuns: 200 },
  );
});

test("a point with an x has the parity that is asked for, and half of all x have none", () => {
  let without = 0;
  for (let x = 0n; x < 200n; x++) {
    const even = pointWithX(x, false);
    if (even === null) without += 1;
    else {
      expect((even.y * even.y - x * x * x - 5n) % FIELD_MODULUS).toBe(0n);
      expect(even.y % 2n).toBe(0n);
      expect(pointWithX(x, true)).toEqual({ x, y: FIELD_MODULUS - even.y });
    }
  }
  expect(without).toBeGreaterThan(70);
  expect(without).toBeLessThan(130);
});

test("points of consecutive scalars are the generator times each", () => {
  const first = SCALAR_MODULUS - 700n;
  const points = consecutivePoints(first, 30);
  expect(points).toEqual(
    points.map((_, at) => GENERATOR.multiplyUnsafe(first + BigInt(at)).toAffine()),
  );
});

test("a sum of products is that of each by itself", () => {
  const times = fc.oneof(scalar, fc.bigInt({ min: 0n, max: 2n ** 128n }), fc.constant(0n));
  const terms = fc.array(fc.record({ of: scalar.filter((of) => of > 0n), times }), {
    maxLength: 24,
  });
  const affine = (of: bigint) => GENERATOR.multiplyUnsafe(of).toAffine();
  const negative = ({ x, y }: Affine) => ({ x, y: FIELD_MODULUS - y });
  fc.assert(
    fc.property(terms, (each) => {
      const points = each.map(({ of, times }) => ({ point: affine(of), times }));
      const plain = points.reduce(
        (sum, { point, times }) => sum.add(pointOf(point).multiplyUnsafe(times)),
        ZERO,
      );
      expect(sumOfProducts(points).equals(plain)).toBe(true);
      // Each twice, which meets itself, and what takes it back to zero.
      expect(sumOfProducts([...points, ...points]).equals(plain.double())).toBe(true);
      const back = points.map(({ point, times }) => ({ point: negative(point), times }));
      expect(sumOfProducts([...points, ...back]).is0()).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("pairs are added like any two points, equal and opposite ones among them", () => {
  const small = fc.bigInt({ min: 1n, max: 6n });
  fc.assert(
    fc.property(fc.array(fc.tuple(small, small, fc.boolean()), { maxLength: 20 }), (pairs) => {
      const points = pairs.map(([first, second, isNegative]) => {
        const other = GENERATOR.multiplyUnsafe(second);
        return [GENERATOR.multiplyUnsafe(first), isNegative ? other.negate() : other] as const;
      });
      const sums = addPairs(
        points.map(([first]) => first.toAffine()),
        points.map(([, second]) => second.toAffine()),
      );
      const plain = points.map(([first, second]) => first.add(second));
      expect(sums).toEqual(plain.map((sum) => (sum.is0() ? null : sum.toAffine())));
    }),
    { numRuns: 60 },
  );
});
