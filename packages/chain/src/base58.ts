// Base58: bytes as one big number in the digits that nobody mistakes for each other.
//
// Every key and hash of a block goes through here, so three bytes are taken at a time, and four
// digits. Both fit so that a product and its carry stay far below 2^53, where arithmetic on JavaScript
// numbers is exact and no bigint is needed.

import { FormatError } from "./format-error.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE = 58;

const DIGITS_IN_GROUP = 4;
const GROUP = BASE ** DIGITS_IN_GROUP;
const INVERSE_OF_GROUP = 1 / GROUP;

const BYTES_IN_LIMB = 3;
const LIMB = 2 ** (8 * BYTES_IN_LIMB);

/**
 * Characters. The work grows with the square of the length, and the longest text that is read here,
 * a signature, has 96.
 */
export const BASE58_TEXT_MAX = 256;

const ZERO_DIGIT = ALPHABET.charCodeAt(0);

const ALPHABET_CODES = Buffer.from(ALPHABET, "ascii");

/** By ASCII code. Codes that are no digit hold the base itself. */
const DIGIT_OF_CODE = new Uint8Array(128).fill(BASE);
for (const [digit, code] of ALPHABET_CODES.entries()) DIGIT_OF_CODE[code] = digit;

/** Each zero byte in front is a "1" in front. */
export function encodeBase58(bytes: Uint8Array): string {
  const zeros = leadingZeros(bytes);
  const groups = groupsOf(bytes, zeros);
  const codes = Buffer.allocUnsafe(zeros + groups.length * DIGITS_IN_GROUP);
  let start = codes.length;
  for (const [at, group] of groups.entries()) {
    const isHighest = at === groups.length - 1;
    let rest = group;
    for (let digits = DIGITS_IN_GROUP; isHighest ? rest > 0 : digits > 0; digits--) {
      const shifted = Math.floor(rest / BASE);
      start -= 1;
      codes[start] = ALPHABET_CODES[rest - shifted * BASE]!;
      rest = shifted;
    }
  }
  codes.fill(ZERO_DIGIT, start - zeros, start);
  return codes.toString("latin1", start - zeros);
}

/** @throws FormatError for a character that is no digit, and above `BASE58_TEXT_MAX` of them. */
export function decodeBase58(text: string): Uint8Array {
  if (text.length > BASE58_TEXT_MAX) {
    throw new FormatError(`${text.length} characters, expected at most ${BASE58_TEXT_MAX}`);
  }
  let zeros = 0;
  while (text.charCodeAt(zeros) === ZERO_DIGIT) zeros += 1;
  // Lowest limb first.
  const limbs: number[] = [];
  let at = zeros;
  while (at < text.length) {
    // The first group takes the odd digits, all others are full.
    const end = at + (((text.length - at - 1) % DIGITS_IN_GROUP) + 1);
    let carry = 0;
    let factor = 1;
    for (; at < end; at++) {
      carry = carry * BASE + digitAt(text, at);
      factor *= BASE;
    }
    for (let limb = 0; limb < limbs.length; limb++) {
      const product = limbs[limb]! * factor + carry;
      carry = Math.floor(product / LIMB);
      limbs[limb] = product - carry * LIMB;
    }
    if (carry > 0) limbs.push(carry);
  }
  return bytesOf(limbs, zeros);
}

function leadingZeros(bytes: Uint8Array): number {
  let zeros = 0;
  while (bytes[zeros] === 0) zeros += 1;
  return zeros;
}

/** The number behind the zeros in groups of digits, lowest first, the highest not zero. */
function groupsOf(bytes: Uint8Array, zeros: number): number[] {
  const groups: number[] = [];
  let at = zeros;
  while (at < bytes.length) {
    // The first limb takes the odd bytes, all others are full.
    const end = at + (((bytes.length - at - 1) % BYTES_IN_LIMB) + 1);
    let carry = 0;
    let factor = 1;
    for (; at < end; at++) {
      carry = carry * 256 + bytes[at]!;
      factor *= 256;
    }
    for (let group = 0; group < groups.length; group++) {
      const product = groups[group]! * factor + carry;
      carry = quotientByGroup(product);
      groups[group] = product - carry * GROUP;
    }
    while (carry > 0) {
      const rest = carry;
      carry = quotientByGroup(rest);
      groups.push(rest - carry * GROUP);
    }
  }
  return groups;
}

/**
 * Division, by a multiplication that takes a third of the time. Exact below 2^48: half a unit keeps
 * the product at least 2^-25 from every integer, and rounding moves it by less than 2^-27.
 */
function quotientByGroup(dividend: number): number {
  return Math.floor((dividend + 0.5) * INVERSE_OF_GROUP);
}

function digitAt(text: string, at: number): number {
  const digit = DIGIT_OF_CODE[text.charCodeAt(at)] ?? BASE;
  if (digit === BASE) {
    throw new FormatError(`${JSON.stringify(text[at])} at ${at} is no digit of base58`);
  }
  return digit;
}

/** @param limbs lowest first, the last one not zero. */
function bytesOf(limbs: readonly number[], zeros: number): Uint8Array {
  const highest = limbs.at(-1) ?? 0;
  const spare = limbs.length === 0 ? 0 : highest < 0x100 ? 2 : highest < 0x10000 ? 1 : 0;
  const bytes = new Uint8Array(zeros + limbs.length * BYTES_IN_LIMB - spare);
  let at = bytes.length;
  for (const limb of limbs) {
    for (let shift = 0; shift < 24 && at > zeros; shift += 8) {
      at -= 1;
      bytes[at] = limb >>> shift;
    }
  }
  return bytes;
}
