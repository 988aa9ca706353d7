// The parameters rewritten so that a round takes four products for its matrix instead of nine.
//
// First, other coordinates. Let D be a diagonal matrix of factors d0, d1, d2. A round takes the state s to M·s^5 + c, with
// fifth powers element by element. Written for t = D·s, the same round takes t to N·t^5 + D·c,
// where N = D·M·D^-5: entry (i, j) is d_i·M_ij·d_j^-5. The last column of N is all ones when
//
//   d2^4 = M_22   and   d_i = d2^5 / M_i2.
//
// M_22 happens to be a fourth power. The scaling costs nothing: on the way in and on the way out
// there is a multiplication by a constant anyway.
//
// Second, Winograd's trick (A new algorithm for inner product, 1968). Row a·x + b·y + z + c of what
// is left equals (x + b)·(y + a) - x·y + z + (c - a·b): one product a row, one that all rows share,
// and another constant.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import { MDS, ROUND_CONSTANTS, type Row } from "../legacy-poseidon-constants.ts";

/** One of the four fourth roots of the matrix's last entry. */
const FOURTH_ROOT = 0x10a8c260683903f9c7f695a66ab51bbe091cec93c05c2bd8feaff85591d9c776n;

/** The diagonal of D. */
export const SCALE: Row = [
  multiply(power(FOURTH_ROOT, 5n), inverse(MDS[0][2])),
  multiply(power(FOURTH_ROOT, 5n), inverse(MDS[1][2])),
  FOURTH_ROOT,
];

/** The first two columns of N, row by row; the third holds ones. */
export const SCALED_MDS: readonly (readonly [Field, Field])[] = MDS.map(([m0, m1], row) => [
  multiply(multiply(SCALE[row]!, m0), inverse(power(SCALE[0], 5n))),
  multiply(multiply(SCALE[row]!, m1), inverse(power(SCALE[1], 5n))),
]);

/** D·c, less a·b for the rows that a round ends with; row 0 is added before any matrix. */
export const SCALED_ROUND_CONSTANTS: readonly Field[][] = ROUND_CONSTANTS.map((row, round) =>
  row.map((constant, i) => {
    const [a, b] = SCALED_MDS[i]!;
    const surplus = round === 0 ? 0n : multiply(a, b);
    return (multiply(SCALE[i]!, constant) + FIELD_MODULUS - surplus) % FIELD_MODULUS;
  }),
);

export function inverse(value: Field): Field {
  // Fermat: the p-1st power of anything but zero is one.
  return power(value, FIELD_MODULUS - 2n);
}

function multiply(a: Field, b: Field): Field {
  return (a * b) % FIELD_MODULUS;
}

function power(base: Field, exponent: bigint): Field {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}
