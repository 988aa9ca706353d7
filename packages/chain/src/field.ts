// Elements of the Pallas base field, over which Mina hashes, and their 32 little-endian bytes.

import { FormatError } from "./format-error.ts";

/** An element of the Pallas base field: 0 ≤ x < `FIELD_MODULUS`. */
export type Field = bigint;

/** 2^254 + 0x224698fc094cf91b992d30ed00000001. */
export const FIELD_MODULUS = 0x40000000000000000000000000000000224698fc094cf91b992d30ed00000001n;

export const FIELD_BYTES = 32;

/** @throws FormatError unless the bytes are the canonical form of a field element. */
export function fieldFromBytes(littleEndian: Uint8Array): Field {
  requireFieldBytes(littleEndian);
  return numberOfBytes(littleEndian);
}

/** What `fieldFromBytes` checks, for those who go on with the bytes. @throws FormatError */
export function requireFieldBytes(littleEndian: Uint8Array): void {
  if (littleEndian.length !== FIELD_BYTES) {
    throw new FormatError(`a field element has ${FIELD_BYTES} bytes, got ${littleEndian.length}`);
  }
  // The highest byte that differs from the modulus decides; in nearly all elements it is the first.
  let at = FIELD_BYTES - 1;
  while (at > 0 && littleEndian[at] === MODULUS_BYTES[at]) at -= 1;
  if (littleEndian[at]! >= MODULUS_BYTES[at]!) {
    const number = numberOfBytes(littleEndian).toString(16);
    throw new FormatError(`0x${number} is not below the field modulus`);
  }
}

function numberOfBytes(littleEndian: Uint8Array): bigint {
  const view = Buffer.from(littleEndian.buffer, littleEndian.byteOffset, littleEndian.byteLength);
  return (
    view.readBigUInt64LE(0) |
    (view.readBigUInt64LE(8) << 64n) |
    (view.readBigUInt64LE(16) << 128n) |
    (view.readBigUInt64LE(24) << 192n)
  );
}

export function fieldToBytes(field: Field): Uint8Array {
  const bytes = Buffer.alloc(FIELD_BYTES);
  for (let word = 0; word < FIELD_BYTES / 8; word++) {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, field >> BigInt(64 * word)), 8 * word);
  }
  return bytes;
}

const MODULUS_BYTES = fieldToBytes(FIELD_MODULUS);
