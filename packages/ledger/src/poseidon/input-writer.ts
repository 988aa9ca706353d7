// Writes an input of Mina's hashes as the bytes that are hashed.

import { FIELD_BYTES, requireUnsigned, UINT32_MAX, UINT64_MAX } from "@forklift/chain";

/** One less than a field element's 255 bits, so that every chunk is below the modulus. */
export const CHUNK_BITS = 254;

/** Field elements come first, bits last. The bytes it writes to must be zero. */
export class InputWriter {
  readonly #bytes: Uint8Array;
  /** Where the next field element goes, and while bits are written the current chunk of them. */
  #at: number;
  #bitsInChunk = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Appends 32 canonical bytes. */
  field(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += FIELD_BYTES;
  }

  boolean(value: boolean): void {
    this.bits(value ? 1 : 0, 1);
  }

  /** @throws RangeError for a value that would spill into its neighbour. */
  uint32(value: bigint): void {
    requireUnsigned(value, UINT32_MAX);
    this.bits(Number(value), 32);
  }

  /** @throws RangeError for a value that would spill into its neighbour. */
  uint64(value: bigint): void {
    requireUnsigned(value, UINT64_MAX);
    this.bits(Number(BigInt.asUintN(32, value)), 32);
    this.bits(Number(value >> 32n), 32);
  }

  /** Appends the lowest bits of a number, lowest first; a width of 32 at most. */
  bits(value: number, width: number): void {
    for (let written = 0; written < width; ) {
      if (this.#bitsInChunk === CHUNK_BITS) {
        this.#at += FIELD_BYTES;
        this.#bitsInChunk = 0;
      }
      const shift = this.#bitsInChunk % 8;
      const count = Math.min(8 - shift, CHUNK_BITS - this.#bitsInChunk, width - written);
      const part = (value >>> written) & ((1 << count) - 1);
      this.#bytes[this.#at + (this.#bitsInChunk >> 3)]! |= part << shift;
      this.#bitsInChunk += count;
      written += count;
    }
  }
}
