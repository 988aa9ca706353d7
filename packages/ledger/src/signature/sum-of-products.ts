// The sum of many points, each times a number: by Pippenger's buckets, in which points wait that have the same digit at
// the same place. Whatever is to be added, is added in pairs of all buckets at once.

import { FIELD_MODULUS } from "@forklift/chain";
import { addPairs } from "./add-pairs.ts";
import { type Affine, type Point, pointOf, type Scalar, ZERO } from "./pallas.ts";

export interface Term {
  readonly point: Affine;
  readonly times: Scalar;
}

/** For public numbers alone: how long it takes tells something of them. */
export function sumOfProducts(terms: readonly Term[]): Point {
  const bits = digitBits(terms.length);
  const digitMax = 2 ** (bits - 1);
  const buckets: Affine[][] = [];
  for (const { point, times } of terms) {
    for (const [place, digit] of signedDigits(times, bits).entries()) {
      if (digit === 0) continue;
      const bucket = place * digitMax + Math.abs(digit) - 1;
      buckets[bucket] ??= [];
      buckets[bucket].push(digit > 0 ? point : negative(point));
    }
  }
  // By bit of a number: what is to be taken as often as that bit says.
  const ofBits: Affine[][] = [];
  for (const [bucket, sum] of sumsOf(buckets)) {
    const place = Math.floor(bucket / digitMax);
    const digit = (bucket % digitMax) + 1;
    for (let bit = 0; bit < bits; bit++) {
      if (((digit >> bit) & 1) === 0) continue;
      ofBits[place * bits + bit] ??= [];
      ofBits[place * bits + bit]!.push(sum);
    }
  }
  return sumOfPowers(new Map(sumsOf(ofBits)));
}

/** With more of them there are fewer digits and more buckets. */
function digitBits(digits: number): number {
  return Math.max(2, Math.ceil(Math.log2(digits + 1)) - 3);
}

/** Lowest first, each from 1 - 2^(bits-1) to 2^(bits-1): half as many buckets as without a sign. */
function signedDigits(number: Scalar, bits: number): number[] {
  const size = 2 ** bits;
  const digits: number[] = [];
  let carry = 0;
  for (let left = number; left > 0n || carry > 0; left >>= BigInt(bits)) {
    const digit = Number(BigInt.asUintN(bits, left)) + carry;
    carry = digit > size / 2 ? 1 : 0;
    digits.push(digit - carry * size);
  }
  return digits;
}

/** The sum of each list by its index, those that are zero left out. */
function sumsOf(lists: readonly Affine[][]): (readonly [index: number, sum: Affine])[] {
  // A list that nothing was put into is not there.
  let left = lists.flatMap((points, index) => [{ index, points: points as readonly Affine[] }]);
  while (left.some(({ points }) => points.length > 1)) {
    const firsts = left.flatMap(({ points }) => points.filter((_, at) => isFirst(at, points)));
    const seconds = left.flatMap(({ points }) => points.filter((_, at) => at % 2 === 1));
    const sums = addPairs(firsts, seconds);
    let taken = 0;
    left = left.map(({ index, points }) => {
      const own = sums.slice(taken, taken + (points.length >> 1)).filter((sum) => sum !== null);
      taken += points.length >> 1;
      const last = points.length % 2 === 1 ? [points.at(-1)!] : [];
      return { index, points: [...own, ...last] };
    });
  }
  return left.flatMap(({ index, points: [sum] }) =>
    sum === undefined ? [] : [[index, sum] as const],
  );
}

/** Of a pair, which the last point of a list may lack. */
function isFirst(at: number, { length }: readonly Affine[]): boolean {
  return at % 2 === 0 && at + 1 < length;
}

/** Each point times two to the power of its index: doubled from the highest down. */
function sumOfPowers(points: ReadonlyMap<number, Affine>): Point {
  let sum = ZERO;
  for (let bit = Math.max(-1, ...points.keys()); bit >= 0; bit--) {
    sum = sum.double();
    const here = points.get(bit);
    if (here !== undefined) sum = sum.add(pointOf(here));
  }
  return sum;
}

/** No point has a y of zero. */
function negative({ x, y }: Affine): Affine {
  return { x, y: FIELD_MODULUS - y };
}
