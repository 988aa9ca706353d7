// The same arithmetic for one hash or for two at once: what field code is written in.
//
// A limb is a number of 64 bits in either case; in `twoLanes` a local holds one limb of each hash. In memory
// limbs have sixteen bytes, of which a single hash uses one half: two states lie interleaved, and
// code for one lane can work on either.

import {
  type Code,
  get,
  i32,
  i32x4,
  i64,
  i64x2,
  type Local,
  type ValueType,
} from "../wasm/instructions.ts";

export interface Lanes {
  readonly type: ValueType;
  /** The same number, of 31 bits at most, in every lane. */
  readonly constant: (value: number) => Code;
  readonly add: (left: Code, right: Code) => Code;
  readonly sub: (left: Code, right: Code) => Code;
  readonly and: (left: Code, right: Code) => Code;
  readonly shiftLeft: (value: Code, bits: number) => Code;
  readonly shiftRight: (value: Code, bits: number) => Code;
  /** A limb of the state, or of both. */
  readonly load: (address: Code, offset: number) => Code;
  readonly store: (address: Code, value: Code, offset: number) => Code;
  /** Eight bytes of memory, in every lane. */
  readonly loadConstant: (address: Code, offset: number) => Code;
  /** A limb in the form in which it can be multiplied, and not be used in any other way. */
  readonly asFactor: (limb: Local) => Code;
  readonly constantFactor: (value: number) => Code;
  readonly addFactors: (left: Code, right: Code) => Code;
  /** Multiplies factors below 2^32. */
  readonly multiply: (left: Code, right: Code) => Code;
  /** How many pairs of a shift and an addition are faster than a product and its addition. */
  readonly shiftsPerProduct: number;
}

/** Bytes from one limb of a state to the next. */
export const STATE_LIMB_BYTES = 16;

/** Bytes from the limb of one lane to that of the other. */
export const LANE_BYTES = 8;

/** Multiplications are what the processor waits for. */
export const oneLane: Lanes = {
  type: "i64",
  constant: i64.constant,
  add: i64.add,
  sub: i64.sub,
  and: i64.and,
  shiftLeft: (value, bits) => i64.shiftLeft(value, i64.constant(bits)),
  shiftRight: (value, bits) => i64.shiftRight(value, i64.constant(bits)),
  load: i64.load,
  store: i64.store,
  loadConstant: i64.load,
  asFactor: get,
  constantFactor: i64.constant,
  addFactors: i64.add,
  multiply: i64.mul,
  shiftsPerProduct: 3,
};

/**
 * WebAssembly multiplies 32 bits to 64 in the two lowest of four lanes. Engines spread these over
 * the vector first: a product takes three instructions of the processor, a shift one.
 */
export const twoLanes: Lanes = {
  type: "v128",
  constant: i64x2.constant,
  add: i64x2.add,
  sub: i64x2.sub,
  and: i64x2.and,
  shiftLeft: (value, bits) => i64x2.shiftLeft(value, i32.constant(bits)),
  shiftRight: (value, bits) => i64x2.shiftRight(value, i32.constant(bits)),
  load: i64x2.load,
  store: i64x2.store,
  loadConstant: i64x2.load64Splat,
  asFactor: (limb) => i32x4.lowHalves(get(limb), get(limb)),
  constantFactor: i32x4.constant,
  addFactors: i32x4.add,
  multiply: i32x4.multiplyLow,
  shiftsPerProduct: 1,
};
