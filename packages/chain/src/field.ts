// Elements of the Pallas base field, over which Mina hashes, and their 32 little-endian bytes.

import { FormatError } from "./format-error.ts";

/** An element of the Pallas base field: 0 ≤ x < `FIELD_MODULUS`. */
export type Field = bigint;

/** 2^254 + 0x224698fc094cf91b992d30ed00000001. */
export const FIELD_MODULUS = 0x40000000000000000000000000000000224698fc094cf91b992d30ed00000001n;

export const FIELD_BYTES = 32;

/** @throws FormatError unless the bytes are the canonical form of a field element. */
export function fieldFromBytes(littleEndian: Uint8Array): Field {
  const view = Buffer.from(littleEndian.buffer, littleEndian.byteOffset, littleEndian.byteLength);
  if (view.length !== FIELD_BYTES) {
    throw new FormatError(`a field element has ${FIELD_BYTES} bytes, got ${view.length}`);
  }
  const field =
    view.readBigUInt64LE(0) |
    (view.readBigUInt64LE(8) << 64n) |
    (view.readBigUInt64LE(16) << 128n) |
    (view.readBigUInt64LE(24) << 192n);
  if (field >= FIELD_MODULUS) {
    throw new FormatError(`0x${field.toString(16)} is not below the field modulus`);
  }
  return field;
}

export function fieldToBytes(field: Field): Uint8Array {
  const bytes = Buffer.alloc(FIELD_BYTES);
  for (let word = 0; word < FIELD_BYTES / 8; word++) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, field >> BigInt(64 * word)), 8 * word);
  }
  return bytes;
}
