// The parameters rewritten so that a round takes four products for its matrix instead of nine.
//
// First, other coordinates. Let D be a diagonal matrix of factors d0, d1, d2. A round takes the
// state s to M·s^e + c, with powers element by element. Written for t = D·s, the same round takes t
// to N·t^e + D·c, where N = D·M·D^-e: entry (i, j) is d_i·M_ij·d_j^-e. Column u of N is all ones
// when
//
//   d_u^(e-1) = M_uu   and   d_i = d_u^e / M_iu.
//
// Both permutations have such a column. The scaling costs nothing: on the way in and on the way out
// there is a multiplication by a constant anyway.
//
// Second, Winograd's trick (A new algorithm for inner product, 1968). With x and y the other two
// elements, row a·x + b·y + t_u + c of what is left equals (x + b)·(y + a) - x·y + t_u + (c - a·b):
// one product a row, one that all rows share, and another constant.

import { FIELD_MODULUS, type Field } from "@forklift/chain";
import type { PoseidonParameters, Row } from "./parameters.ts";

export interface ScaledParameters {
  readonly exponent: 5 | 7;
  /** The diagonal of D. */
  readonly scale: Row;
  /** The element whose column of N is all ones. */
  readonly unit: number;
  /** The other two: x and y. */
  readonly others: readonly [number, number];
  /** Their columns of N, row by row: a and b. */
  readonly factors: readonly (readonly [Field, Field])[];
  /** D·c, less a·b in the rows that a round ends with; row 0 is added before any matrix. */
  readonly roundConstants: readonly (readonly Field[])[];
}

export function scaleParameters({
  exponent,
  matrix,
  roundConstants,
  unitColumn: unit,
  unitRoot,
}: PoseidonParameters): ScaledParameters {
  const power = BigInt(exponent);
  const scale = matrix.map((row, i) =>
    i === unit ? unitRoot : multiply(raise(unitRoot, power), inverse(row[unit])),
  ) as [Field, Field, Field];
  const others = [0, 1, 2].filter((i) => i !== unit) as [number, number];
  const factors = matrix.map((row, i) => {
    const entry = (j: number): Field =>
      multiply(multiply(scale[i]!, row[j]!), inverse(raise(scale[j]!, power)));
    return [entry(others[0]), entry(others[1])] as const;
  });
  return {
    exponent,
    scale,
    unit,
    others,
    factors,
    roundConstants: roundConstants.map((row, round) =>
      row.map((constant, i) => {
        const [a, b] = factors[i]!;
        const surplus = round === 0 ? 0n : multiply(a, b);
        return (multiply(scale[i]!, constant) + FIELD_MODULUS - surplus) % FIELD_MODULUS;
      }),
    ),
  };
}

export function inverse(value: Field): Field {
  // Fermat: the p-1st power of anything but zero is one.
  return raise(value, FIELD_MODULUS - 2n);
}

function multiply(a: Field, b: Field): Field {
  return (a * b) % FIELD_MODULUS;
}

function raise(base: Field, exponent: bigint): Field {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}
