// Hashes side by side in one array of bytes, which grows by doubling.

import { FIELD_BYTES } from "@forklift/chain";

/** Places. A power of two above one, so that no pair ever straddles the end. */
const INITIAL_CAPACITY = 2;

/** Every place that has not been set holds the filler. */
export class HashArray {
  readonly #filler: Uint8Array;
  #bytes: Uint8Array;
  #length = 0;

  constructor(filler: Uint8Array) {
    this.#filler = filler;
    this.#bytes = this.#filled(INITIAL_CAPACITY);
  }

  /** One more than the last index that has been set. */
  get length(): number {
    return this.#length;
  }

  /** Copies a hash of 32 bytes to its place. */
  set(index: number, hash: Uint8Array): void {
    const start = index * FIELD_BYTES;
    let capacity = this.#bytes.length / FIELD_BYTES;
    while (capacity <= index) capacity *= 2;
    if (capacity * FIELD_BYTES > this.#bytes.length) {
      const grown = this.#filled(capacity);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, start);
    this.#length = Math.max(this.#length, index + 1);
  }

  /** A view, good until the next `set`. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(index * FIELD_BYTES, (index + 1) * FIELD_BYTES);
  }

  /** The hashes at 2·index and 2·index + 1, one after the other; a view as well. */
  pair(index: number): Uint8Array {
    return this.#bytes.subarray(2 * index * FIELD_BYTES, (2 * index + 2) * FIELD_BYTES);
  }

  #filled(capacity: number): Uint8Array {
    const bytes = new Uint8Array(capacity * FIELD_BYTES);
    for (let start = 0; start < bytes.length; start += FIELD_BYTES) bytes.set(this.#filler, start);
    return bytes;
  }
}
