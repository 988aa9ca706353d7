// Decimal text to bigint and back. Archives store 64-bit amounts as text, precomputed blocks store
// every integer as text, and none of them ever passes through a floating-point number.

import { FormatError, quote } from "./format-error.ts";

export const UINT32_MAX = 2n ** 32n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** @throws FormatError unless the text is a canonical decimal integer, 0 ≤ n ≤ max. */
export function parseUnsigned(text: string, max: bigint): bigint {
  if (!/^(0|[1-9][0-9]*)$/.test(text) || text.length > 20) {
    throw new FormatError(`not a canonical decimal integer: ${quote(text)}`);
  }
  const value = BigInt(text);
  if (value > max) throw new FormatError(`${text} is above ${max}`);
  return value;
}

/** @throws RangeError unless 0 ≤ value ≤ max, so that nothing spills into its neighbour. */
export function requireUnsigned(value: bigint, max: bigint): void {
  if (value < 0n || value > max) throw new RangeError(`${value} is not between 0 and ${max}`);
}

/** Math.min refuses bigints. */
export function least(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((a, b) => (a < b ? a : b), first);
}

/**
 * A height or slot as a JSON number, where a format demands one. Amounts never come here.
 * @throws RangeError when the number would not be exact.
 */
export function jsonNumber(value: bigint): number {
  if (value < 0n || value > UINT32_MAX) throw new RangeError(`${value} is not an unsigned 32-bit`);
  return Number(value);
}
