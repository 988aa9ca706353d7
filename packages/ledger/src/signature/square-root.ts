// Square roots in the Pallas base field. Its modulus less one is divisible by 2^32, which makes the usual algorithm, of
// Tonelli and Shanks, a search among 2^32 roots of unity: here a table names a byte of the answer at a time.

import { FIELD_MODULUS, type Field } from "@forklift/chain";

/** The modulus is ODD_PART · 2^32 + 1. */
const TWO_POWER = 32;
const ODD_PART = (FIELD_MODULUS - 1n) >> BigInt(TWO_POWER);

/** The least number that is no square: its power by the odd part has the order 2^32. */
const NO_SQUARE = 5n;

const BYTE_BITS = 8;
const BYTES = TWO_POWER / BYTE_BITS;
const BYTE_VALUES = 2 ** BYTE_BITS;

interface RootsOfUnity {
  /** By byte and its value: the inverse of the root of unity whose logarithm is that. */
  readonly inverses: readonly (readonly Field[])[];
  /** The value of the highest byte by its root. */
  readonly highest: ReadonlyMap<Field, number>;
}

/** Made at the first root: a thousand products. */
let rootsOfUnity: RootsOfUnity | undefined;

/** One of the two roots; null for what is no square. */
export function squareRoot(square: Field): Field | null {
  if (square === 0n) return 0n;
  rootsOfUnity ??= makeRootsOfUnity();
  const half = power(square, (ODD_PART - 1n) >> 1n);
  const root = (square * half) % FIELD_MODULUS;
  // The root's square is `square` times this root of unity, which is a square where `square` is one.
  const logarithm = logarithmOf((root * half) % FIELD_MODULUS, rootsOfUnity);
  if (logarithm % 2 !== 0) return null;
  return timesInverse(root, logarithm / 2, rootsOfUnity);
}

/** Lowest byte first: what is left is raised until nothing but that byte counts, as the highest. */
function logarithmOf(unity: Field, roots: RootsOfUnity): number {
  let logarithm = 0;
  let left = unity;
  for (let byte = 0; byte < BYTES; byte++) {
    let raised = left;
    for (let count = BYTE_BITS * (BYTES - 1 - byte); count > 0; count--) {
      raised = (raised * raised) % FIELD_MODULUS;
    }
    const value = roots.highest.get(raised)!;
    left = (left * roots.inverses[byte]![value]!) % FIELD_MODULUS;
    logarithm += value * BYTE_VALUES ** byte;
  }
  return logarithm;
}

function timesInverse(field: Field, logarithm: number, { inverses }: RootsOfUnity): Field {
  let product = field;
  for (let byte = 0; byte < BYTES; byte++) {
    const value = Math.floor(logarithm / BYTE_VALUES ** byte) % BYTE_VALUES;
    product = (product * inverses[byte]![value]!) % FIELD_MODULUS;
  }
  return product;
}

function makeRootsOfUnity(): RootsOfUnity {
  const first = power(NO_SQUARE, ODD_PART);
  // The inverse of a root is its power by the order less one.
  const inverses = Array.from({ length: BYTES }, (_, byte) => {
    const unit = 2n ** BigInt(BYTE_BITS * byte);
    return powersOf(power(first, 2n ** BigInt(TWO_POWER) - unit), BYTE_VALUES);
  });
  const highest = powersOf(power(first, 2n ** BigInt(TWO_POWER - BYTE_BITS)), BYTE_VALUES);
  return { inverses, highest: new Map(highest.map((root, value) => [root, value])) };
}

/** From the power of nothing on. */
function powersOf(field: Field, count: number): readonly Field[] {
  const powers = [1n];
  while (powers.length < count) powers.push((powers.at(-1)! * field) % FIELD_MODULUS);
  return powers;
}

/** Four bits at a time: of the exponent that every root takes, most are zero. */
function power(field: Field, exponent: bigint): Field {
  const small = powersOf(field, 16);
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    for (let count = 0; count < 4; count++) result = (result * result) % FIELD_MODULUS;
    if (digit !== "0") result = (result * small[Number.parseInt(digit, 16)]!) % FIELD_MODULUS;
  }
  return result;
}
