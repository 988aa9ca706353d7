// The parameters of a Poseidon of width 3, and the two sets of them that Mina has hashed with.

import type { Field } from "@forklift/chain";

export type Row = readonly [Field, Field, Field];

/**
 * A permutation of full rounds: raise each element to the power, multiply by the matrix, add a row
 * of constants. See Grassi et al., Poseidon (2021), and `reference.ts`.
 */
export interface PoseidonParameters {
  readonly exponent: 5 | 7;
  /** Row i gives the new element i. */
  readonly matrix: readonly [Row, Row, Row];
  /** Row 0 is added before the first round; one more row for each round, added at its end. */
  readonly roundConstants: readonly Row[];
  /** A column u whose entry M_uu is an (exponent - 1)th power; see `scaled-parameters.ts`. */
  readonly unitColumn: 0 | 1 | 2;
  /** One of the roots. */
  readonly unitRoot: Field;
}
