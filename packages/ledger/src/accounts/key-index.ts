// Finds accounts by key: a table of indexes with open addressing, over keys that lie elsewhere.

/** The keys, by account index. A key is its x coordinate and the parity of its y coordinate. */
export interface IndexedKeys {
  keyHash(index: number): number;
  hasKey(index: number, x: Uint8Array, isOdd: boolean): boolean;
}

/** A power of two, as every capacity: probing wraps round by a mask. */
const INITIAL_CAPACITY = 64;

/**
 * At most one cell in two is taken, so that a search looks at 1.5 cells on average, and at 2.5
 * for a key that is not there. A cell costs four bytes, hence 8 to 16 bytes an account.
 */
const PLACES_PER_KEY_MIN = 2;

/** A cell holds an account index plus one, and 0 when it is free. */
const FREE = 0;

/**
 * Accounts come in the order of their indexes and leave in the reverse order. The one that leaves
 * came last, so no other was pushed on by it: its cell is freed, and all searches are as before it
 * came. Growing keeps that order, too.
 */
export class KeyIndex {
  readonly #keys: IndexedKeys;
  #places = new Int32Array(INITIAL_CAPACITY);
  #count = 0;

  constructor(keys: IndexedKeys) {
    this.#keys = keys;
  }

  /** The index of the account with that key, or -1. */
  find(x: Uint8Array, isOdd: boolean): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hashKey(x, isOdd) & mask; ; at = (at + 1) & mask) {
      const index = places[at]! - 1;
      if (index < 0 || this.#keys.hasKey(index, x, isOdd)) return index;
    }
  }

  /** Adds the account whose index is the number of those that are there. Its key must be new. */
  add(): void {
    if ((this.#count + 1) * PLACES_PER_KEY_MIN > this.#places.length) this.#grow();
    this.#take(this.#count);
    this.#count += 1;
  }

  /** Removes the account that was added last. */
  removeLast(): void {
    this.#count -= 1;
    const mask = this.#places.length - 1;
    let at = this.#keys.keyHash(this.#count) & mask;
    while (this.#places[at] !== this.#count + 1) at = (at + 1) & mask;
    this.#places[at] = FREE;
  }

  #take(index: number): void {
    const mask = this.#places.length - 1;
    let at = this.#keys.keyHash(index) & mask;
    while (this.#places[at] !== FREE) at = (at + 1) & mask;
    this.#places[at] = index + 1;
  }

  #grow(): void {
    this.#places = new Int32Array(2 * this.#places.length);
    for (let index = 0; index < this.#count; index++) this.#take(index);
  }
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a over the coordinate's bytes, then the parity. Coordinates are as good as random, but
 * whoever chooses one that is not must not find its neighbours.
 */
export function hashKey(x: Uint8Array, isOdd: boolean): number {
  let hash = FNV_BASIS;
  for (let at = 0; at < x.length; at++) hash = Math.imul(hash ^ x[at]!, FNV_PRIME);
  hash = Math.imul(hash ^ (isOdd ? 1 : 0), FNV_PRIME);
  return (hash ^ (hash >>> 15)) >>> 0;
}
