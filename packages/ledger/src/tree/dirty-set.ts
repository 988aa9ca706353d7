// The set of dirty indexes, which wait to be hashed: a byte map and a list, both flat.

import type { EntryKind, Journal } from "../accounts/journal.ts";

/** Grows with the greatest index, by doubling: 1 byte for every index and 4 for each that waits. */
export class DirtySet {
  readonly #journal: Journal;
  readonly #addEntry: EntryKind;
  readonly #takeEntry: EntryKind;
  #isDirty = new Uint8Array(64);
  #list = new Uint32Array(64);
  #length = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
    // What was added last stands last, so that taking back an addition shortens the list.
    this.#addEntry = journal.define(0, (index) => {
      this.#length -= 1;
      this.#isDirty[index] = 0;
    });
    this.#takeEntry = journal.define(0, (index) => this.#push(index));
  }

  add(index: number): void {
    if (this.#isDirty[index] === 1) return;
    this.#push(index);
    if (this.#journal.isOpen) this.#journal.save(this.#addEntry, index);
  }

  /** Empties the set. Gives what was in it, ascending. */
  takeSorted(): Uint32Array {
    const taken = this.#list.slice(0, this.#length);
    // The last first, so that they come back in their order.
    for (let at = taken.length - 1; at >= 0; at--) {
      const index = taken[at]!;
      this.#isDirty[index] = 0;
      if (this.#journal.isOpen) this.#journal.save(this.#takeEntry, index);
    }
    this.#length = 0;
    return taken.sort();
  }

  #push(index: number): void {
    if (index >= this.#isDirty.length) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(index + 1)));
      grown.set(this.#isDirty);
      this.#isDirty = grown;
    }
    if (this.#length === this.#list.length) {
      const grown = new Uint32Array(2 * this.#list.length);
      grown.set(this.#list);
      this.#list = grown;
    }
    this.#isDirty[index] = 1;
    this.#list[this.#length] = index;
    this.#length += 1;
  }
}
