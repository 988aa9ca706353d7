// An array of hashes, side by side in one array of bytes, which grows by doubling.

import { FIELD_BYTES } from "@forklift/chain";
import type { EntryKind, Journal } from "../accounts/journal.ts";

/** Cells. A power of two above one, so that no pair ever straddles the end. */
const INITIAL_CAPACITY = 2;

/** Every index that has not been set holds the filler. */
export class HashArray {
  readonly #filler: Uint8Array;
  readonly #journal: Journal;
  readonly #entry: EntryKind;
  #bytes: Uint8Array;

  constructor(filler: Uint8Array, journal: Journal) {
    this.#filler = filler;
    this.#journal = journal;
    this.#entry = journal.define(FIELD_BYTES, (index, hash) => this.#write(index, hash));
    this.#bytes = this.#filled(INITIAL_CAPACITY);
  }

  /** Copies the hashes, 32 bytes each and one after the other, to those indexes. */
  setAll(indexes: Uint32Array, hashes: Uint8Array): void {
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at]!;
      this.reserve(index);
      if (this.#journal.isOpen) this.#journal.save(this.#entry, index, this.at(index));
      this.#write(index, hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES));
    }
  }

  /** A view, good until the next `setAll` or `reserve`; of an index that room was made for. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(index * FIELD_BYTES, (index + 1) * FIELD_BYTES);
  }

  /** Makes room, so that `at` has an answer for the index and every one below. */
  reserve(index: number): void {
    if (index * FIELD_BYTES >= this.#bytes.length) this.#grow(index);
  }

  /** The first hashes, copied. `count` is at most one more than the last index that was set. */
  first(count: number): Uint8Array {
    return this.#bytes.slice(0, count * FIELD_BYTES);
  }

  /** A cell that was written once is there for ever: taking back never has to make room. */
  #write(index: number, hash: Uint8Array): void {
    this.#bytes.set(hash, index * FIELD_BYTES);
  }

  #grow(index: number): void {
    let capacity = this.#bytes.length / FIELD_BYTES;
    while (capacity <= index) capacity *= 2;
    const grown = this.#filled(capacity);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #filled(capacity: number): Uint8Array {
    const bytes = new Uint8Array(capacity * FIELD_BYTES);
    for (let start = 0; start < bytes.length; start += FIELD_BYTES) bytes.set(this.#filler, start);
    return bytes;
  }
}
