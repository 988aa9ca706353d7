// An array of hashes, side by side in one array of bytes, which grows by doubling.

import { FIELD_BYTES } from "@forklift/chain";
import type { EntryKind, Journal } from "../accounts/journal.ts";
import { copyHash, wordsOf } from "./hash-words.ts";

/** Cells. A power of two above one, so that no pair ever straddles the end. */
const INITIAL_CAPACITY = 2;

/** Every index that has not been set holds the filler. */
export class HashArray {
  readonly #filler: Uint8Array;
  readonly #journal: Journal;
  readonly #entry: EntryKind;
  #bytes: Uint8Array;
  #words: Uint32Array;

  constructor(filler: Uint8Array, journal: Journal) {
    this.#filler = filler;
    this.#journal = journal;
    this.#entry = journal.define(FIELD_BYTES, (index, hash) => this.#write(index, hash));
    this.#bytes = this.#filled(INITIAL_CAPACITY);
    this.#words = wordsOf(this.#bytes);
  }

  /** All of it, good until the next `set` or `reserve`. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Copies the hash of that number, of those that stand side by side, to that index. */
  set(index: number, hashes: Uint32Array, at: number): void {
    this.reserve(index);
    if (this.#journal.isOpen) this.#journal.save(this.#entry, index, this.at(index));
    copyHash(hashes, at, this.#words, index);
  }

  /** A view, good until the next `set` or `reserve`; of an index that room was made for. */
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
    this.#words = wordsOf(grown);
  }

  #filled(capacity: number): Uint8Array {
    const bytes = new Uint8Array(capacity * FIELD_BYTES);
    for (let start = 0; start < bytes.length; start += FIELD_BYTES) bytes.set(this.#filler, start);
    return bytes;
  }
}
