// How field elements stand in the memory of the WebAssembly module: nine limbs of 29 bits.

import { FIELD_MODULUS, type Field } from "@forklift/chain";

/**
 * With 29 bits a product has at most 58, so a 64-bit column can take 63 products before it must
 * carry. With nine limbs there are 261 bits, seven more than the modulus needs: sums and products
 * can stay unreduced for a while.
 */
export const LIMB_BITS = 29;

export const LIMB_COUNT = 9;

export const LIMB_MASK = 2 ** LIMB_BITS - 1;

/** A limb of a constant takes eight bytes: the width at which it is used. */
export const CONSTANT_LIMB_BYTES = 8;

export const CONSTANT_BYTES = CONSTANT_LIMB_BYTES * LIMB_COUNT;

/** R = 2^261, the Montgomery radix: an element x is kept as x·R, since products lose one R. */
export const RADIX = 1n << BigInt(LIMB_BITS * LIMB_COUNT);

/** Lowest limb first. */
export function limbsOf(value: bigint): number[] {
  return Array.from({ length: LIMB_COUNT }, (_, limb) =>
    Number(BigInt.asUintN(LIMB_BITS, value >> BigInt(LIMB_BITS * limb))),
  );
}

export function montgomeryForm(value: Field): Field {
  return (value * RADIX) % FIELD_MODULUS;
}

/** The limbs of a constant as they lie in memory. */
export function bytesOfConstant(value: bigint): Uint8Array {
  const bytes = new Uint8Array(CONSTANT_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [limb, bits] of limbsOf(value).entries()) {
    view.setUint32(CONSTANT_LIMB_BYTES * limb, bits, true);
  }
  return bytes;
}
