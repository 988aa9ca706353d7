// Base58: bytes as one big number in the digits that nobody mistakes for each other.
//
// Every key and hash of a block goes through here, and each command as a text of 350 digits, so both
// ways take as many bytes and digits at a time as keep every sum below 2^53, where arithmetic on
// JavaScript numbers is exact and no bigint is needed.

import { FormatError } from "./format-error.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE = 58;

/**
 * Characters. The work grows with the square of the length, and the longest text that is read here,
 * a signature, has 96.
 */
export const BASE58_TEXT_MAX = 256;

/**
 * Bytes that can be encoded; a signed command has 270. With more of them, sums of digits could pass
 * 2^53: a word times a group is below 2^45.3, and there are half as many words as bytes.
 */
export const BASE58_BYTES_MAX = 384;

const ZERO_DIGIT = ALPHABET.charCodeAt(0);

const ALPHABET_CODES = Buffer.from(ALPHABET, "ascii");

/** By ASCII code. Codes that are no digit hold the base itself. */
const DIGIT_OF_CODE = new Uint8Array(128).fill(BASE);
for (const [digit, code] of ALPHABET_CODES.entries()) DIGIT_OF_CODE[code] = digit;

/** Five digits are below 2^29.3, and fit 32-bit arithmetic. */
const DIGITS_IN_GROUP = 5;
const GROUP = BASE ** DIGITS_IN_GROUP;

/** Two bytes. */
const WORD = 2 ** 16;
const WORDS_MAX = BASE58_BYTES_MAX / 2;

/** Words that are added to the groups in one pass, so that each sum is read and written once. */
const WORDS_AT_ONCE = 4;

const GROUPS_MAX = Math.ceil((BASE58_BYTES_MAX * 8) / Math.log2(GROUP));

/** The powers of a word in groups of digits, lowest first. */
const POWERS = powersOfWord();

/** Each zero byte in front is a "1" in front. @throws RangeError above `BASE58_BYTES_MAX` bytes. */
export function encodeBase58(bytes: Uint8Array): string {
  return encodeBase58Ascii(bytes).toString("latin1");
}

/** The same text as ASCII codes, for what is digested next. */
export function encodeBase58Ascii(bytes: Uint8Array): Buffer {
  if (bytes.length > BASE58_BYTES_MAX) {
    throw new RangeError(`${bytes.length} bytes, expected at most ${BASE58_BYTES_MAX}`);
  }
  const zeros = leadingZeros(bytes);
  const sums = sumsOfGroups(bytes, zeros);
  const codes = Buffer.allocUnsafe(zeros + sums.length * DIGITS_IN_GROUP);
  let start = codes.length;
  let carry = 0;
  for (const sum of sums) {
    // Exact: the quotient is below 2^24, so its last bit is finer than the step of one in a group.
    const total = sum + carry;
    carry = Math.floor(total / GROUP);
    let rest = (total - carry * GROUP) | 0;
    for (let digit = 0; digit < DIGITS_IN_GROUP; digit++) {
      const shifted = (rest / BASE) | 0;
      start -= 1;
      codes[start] = ALPHABET_CODES[rest - shifted * BASE]!;
      rest = shifted;
    }
  }
  while (codes[start] === ZERO_DIGIT) start += 1;
  codes.fill(ZERO_DIGIT, start - zeros, start);
  return codes.subarray(start - zeros);
}

/** Read four digits at a time into limbs of three bytes: a limb times a group is below 2^48. */
const DIGITS_READ_AT_ONCE = 4;
const BYTES_IN_LIMB = 3;
const LIMB = 2 ** (8 * BYTES_IN_LIMB);

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
    const end = at + (((text.length - at - 1) % DIGITS_READ_AT_ONCE) + 1);
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

const sumsOfAll = new Float64Array(GROUPS_MAX);

/**
 * The number behind the zeros as groups that have not been carried yet, lowest first: each word times
 * its power, group by group. A view, good until the next call.
 */
function sumsOfGroups(bytes: Uint8Array, zeros: number): Float64Array {
  const bits = (bytes.length - zeros) * 8;
  const sums = sumsOfAll.subarray(0, Math.ceil(bits / Math.log2(GROUP)));
  sums.fill(0);
  const wordAt = (index: number): number => {
    const low = bytes.length - 1 - 2 * index;
    if (low < zeros) return 0;
    return low === zeros ? bytes[low]! : bytes[low - 1]! * 256 + bytes[low]!;
  };
  for (let word = 0; word * 16 < bits; word += WORDS_AT_ONCE) {
    const [a, b, c, d] = [wordAt(word), wordAt(word + 1), wordAt(word + 2), wordAt(word + 3)];
    const [powerA, powerB] = [POWERS[word]!, POWERS[word + 1]!];
    const [powerC, powerD] = [POWERS[word + 2]!, POWERS[word + 3]!];
    // The highest of the four powers ends where its groups are zero.
    const end = Math.min(sums.length, Math.ceil(((word + WORDS_AT_ONCE) * 16) / Math.log2(GROUP)));
    for (let at = 0; at < end; at++) {
      sums[at]! += a * powerA[at]! + b * powerB[at]! + c * powerC[at]! + d * powerD[at]!;
    }
  }
  return sums;
}

function powersOfWord(): readonly Float64Array[] {
  let power = new Float64Array(GROUPS_MAX);
  power[0] = 1;
  return Array.from({ length: WORDS_MAX }, () => {
    const current = power;
    let carry = 0;
    power = current.map((group) => {
      const product = group * WORD + carry;
      carry = Math.floor(product / GROUP);
      return product - carry * GROUP;
    });
    return current;
  });
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
