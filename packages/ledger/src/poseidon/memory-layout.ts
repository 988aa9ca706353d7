// The memory layout of a Poseidon module.

import { FIELD_BYTES } from "@forklift/chain";
import { STATE_LIMB_BYTES } from "./lanes.ts";
import { CONSTANT_BYTES, LIMB_COUNT } from "./limbs.ts";

const PAGE_BYTES = 65_536;

/** One element of the state, in both lanes. */
export const STATE_ELEMENT_BYTES = STATE_LIMB_BYTES * LIMB_COUNT;

export const STATE_BYTES = 3 * STATE_ELEMENT_BYTES;

/** A row of round constants. */
export const CONSTANTS_ROW_BYTES = 3 * CONSTANT_BYTES;

/** Two field elements in their canonical bytes: what one permutation absorbs. */
export const PAIR_BYTES = 2 * FIELD_BYTES;

/** A thousand accounts, or four thousand Merkle nodes: the cost of a call is lost among them. */
export const INPUT_BYTES = 4 * PAGE_BYTES;

/** An input has at least one pair, and a hash is half of a pair. */
const OUTPUT_BYTES = INPUT_BYTES / 2;

/** Addresses. The first page has room to spare for the states and 64 rows of constants. */
export const ADDRESS = {
  state: 0,
  /** The elements of the state, raised to the power. */
  powers: 512,
  /** The columns of a product. */
  common: 1024,
  /** The state that every hash of a call starts from; in the first lane. */
  startState: 1536,
  roundConstants: 2048,
  input: PAGE_BYTES,
  output: PAGE_BYTES + INPUT_BYTES,
} as const;

export const MEMORY_PAGES = (ADDRESS.output + OUTPUT_BYTES) / PAGE_BYTES;
