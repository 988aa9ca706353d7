// Where things lie in the memory of the Poseidon module.

import { FIELD_BYTES } from "@forklift/chain";
import { ELEMENT_BYTES } from "./limbs.ts";

const PAGE_BYTES = 65_536;

export const STATE_BYTES = 3 * ELEMENT_BYTES;

/** Two field elements in their canonical bytes: what one permutation absorbs. */
export const PAIR_BYTES = 2 * FIELD_BYTES;

/** A thousand accounts, or four thousand Merkle nodes: the cost of a call is lost among them. */
export const INPUT_BYTES = 4 * PAGE_BYTES;

/** An input has at least one pair, and a hash is half of a pair. */
const OUTPUT_BYTES = INPUT_BYTES / 2;

/** Addresses. The first page has room to spare for the states and the 64 rows of constants. */
export const ADDRESS = {
  state: 0,
  /** The state that every hash of a call starts from. */
  startState: 128,
  roundConstants: 256,
  input: PAGE_BYTES,
  output: PAGE_BYTES + INPUT_BYTES,
} as const;

export const MEMORY_PAGES = (ADDRESS.output + OUTPUT_BYTES) / PAGE_BYTES;
