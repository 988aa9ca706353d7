// The Pallas curve, y² = x³ + 5 over the field that Mina hashes in, with the point that Mina signs by. Its order is
// a prime, so that every point but zero has that order: there is no subgroup to be checked, and no part of a
// point that a sum could miss.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import { normalizeZ } from "@noble/curves/abstract/curve.js";
import { type WeierstrassPoint, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { squareRoot } from "./square-root.ts";

export type Point = WeierstrassPoint<bigint>;

/** Whole numbers modulo the order of the curve: 0 ≤ n < `SCALAR_MODULUS`. */
export type Scalar = bigint;

/** 2^254 + 0x224698fc0994a8dd8c46eb2100000001, a little more than the modulus of the field. */
export const SCALAR_MODULUS = 0x40000000000000000000000000000000224698fc0994a8dd8c46eb2100000001n;

const CONSTANT = 5n;

const Pallas = weierstrass({
  p: FIELD_MODULUS,
  n: SCALAR_MODULUS,
  h: 1n,
  a: 0n,
  b: CONSTANT,
  Gx: 1n,
  Gy: 0x1b74b5a30a12937c53dfa9f06378ee548f655bd4333d477119cf7a23caed2abbn,
});

export const ZERO: Point = Pallas.ZERO;

export const GENERATOR: Point = Pallas.BASE;

/** A point with its coordinates at hand. Zero, which has none, is not among them. */
export interface Affine {
  readonly x: Field;
  readonly y: Field;
}

/** The point with this x whose y has the given parity; null where the curve has none. */
export function pointWithX(x: Field, isOdd: boolean): Affine | null {
  const y = squareRoot((x * x * x + CONSTANT) % FIELD_MODULUS);
  if (y === null) return null;
  return { x, y: isOddNumber(y) === isOdd ? y : FIELD_MODULUS - y };
}

export function isOddNumber(field: Field): boolean {
  return (field & 1n) === 1n;
}

/** @param point on the curve, as every one of `pointWithX` is. */
export function pointOf(point: Affine): Point {
  return Pallas.fromAffine(point);
}

/**
 * The points of consecutive scalars, for an addition each: with one division for all of them. Scalars that lead to
 * zero are not expected.
 */
export function consecutivePoints(first: Scalar, count: number): readonly Affine[] {
  const points: Point[] = [];
  for (let point = GENERATOR.multiplyUnsafe(first); points.length < count; ) {
    points.push(point);
    point = point.add(GENERATOR);
  }
  return normalizeZ(Pallas, points).map((point) => point.toAffine());
}
