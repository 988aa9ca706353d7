// Copies hashes that stand side by side, as words: a view for each of them would take longer than the copy.

import { FIELD_BYTES } from "@forklift/chain";

/** Of 32 bits. */
const HASH_WORDS = FIELD_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** The same memory. @param hashes 32 bytes each, in memory that begins at a word. */
export function wordsOf(hashes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = hashes;
  return new Uint32Array(buffer, byteOffset, length / Uint32Array.BYTES_PER_ELEMENT);
}

/** Copies the hash of one number to the place of another. */
export function copyHash(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number): void {
  const source = fromAt * HASH_WORDS;
  const place = toAt * HASH_WORDS;
  for (let word = 0; word < HASH_WORDS; word++) to[place + word] = from[source + word]!;
}
