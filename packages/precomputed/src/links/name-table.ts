// The blocks that names of files claim to be, hundreds of thousands of them in little memory.

import { fieldBytesOfHash, hashTextOfBytes, type StateHash } from "@forklift/chain";

const HASH_BYTES = 32;
const WORDS = HASH_BYTES / 4;

/** Rows that there is room for at first. */
const ROWS_MIN = 1024;

/** Stands for the height of a name that has none: no block stands there. */
export const NO_HEIGHT = 0;

const BYTES_COUNTED_MAX = 2 ** 32 - 1;

/**
 * Rows of 44 bytes, in arrays that double. `sort` comes after the last row, and before anything is
 * looked up.
 */
export class NameTable {
  #count = 0;
  #heights = new Uint32Array(ROWS_MIN);
  #bytes = new Uint32Array(ROWS_MIN);
  #hashes = new Uint32Array(ROWS_MIN * WORDS);
  /** Rows by height, then by hash. */
  #order = new Uint32Array(0);

  get count(): number {
    return this.#count;
  }

  add(height: bigint | null, stateHash: StateHash, bytes: number): void {
    if (this.#count === this.#heights.length) this.#grow();
    const row = this.#count++;
    this.#heights[row] = height === null ? NO_HEIGHT : Number(height);
    this.#bytes[row] = Math.min(bytes, BYTES_COUNTED_MAX);
    this.#hashes.set(wordsOf(stateHash), row * WORDS);
  }

  sort(): void {
    this.#order = Uint32Array.from({ length: this.#count }, (_, row) => row);
    this.#order.sort((a, b) => this.#compare(a, b));
  }

  /** Whether some name claims that block at that height. */
  has(height: number, stateHash: StateHash): boolean {
    const words = wordsOf(stateHash);
    const at = this.#firstWhere((row) => this.#compareWith(row, height, words) >= 0);
    return at < this.#count && this.#compareWith(this.#order[at]!, height, words) === 0;
  }

  /** Each hash once, in their order; at most so many. */
  hashesAt(height: number, max: number): StateHash[] {
    const hashes: StateHash[] = [];
    let last = -1;
    for (let at = this.#firstAt(height); at < this.#count; at++) {
      const row = this.#order[at]!;
      if (this.#heights[row] !== height) break;
      if (last !== -1 && this.#compare(last, row) === 0) continue;
      last = row;
      if (hashes.length === max) break;
      hashes.push(this.#hashOf(row));
    }
    return hashes;
  }

  /** The highest below another one that some name has; null where there is none. */
  heightBelow(height: number): number | null {
    const at = this.#firstAt(height) - 1;
    const found = at < 0 ? NO_HEIGHT : this.#heights[this.#order[at]!]!;
    return found === NO_HEIGHT ? null : found;
  }

  /** Ascending, each once, `NO_HEIGHT` among them. Looks at every row. */
  heightsOf(stateHash: StateHash): number[] {
    const words = wordsOf(stateHash);
    const heights = new Set<number>();
    for (let row = 0; row < this.#count; row++) {
      const at = row * WORDS;
      if (this.#hashes[at] !== words[0]) continue;
      if (words.every((word, index) => this.#hashes[at + index] === word)) {
        heights.add(this.#heights[row]!);
      }
    }
    return [...heights].sort((a, b) => a - b);
  }

  /** Each block that names claim, by height and hash; of several files the first that was added. */
  *blocks(): Generator<{ readonly height: number; readonly bytes: number }> {
    let last = -1;
    for (const row of this.#order) {
      if (last !== -1 && this.#compare(last, row) === 0) continue;
      last = row;
      yield { height: this.#heights[row]!, bytes: this.#bytes[row]! };
    }
  }

  #grow(): void {
    this.#heights = doubled(this.#heights);
    this.#bytes = doubled(this.#bytes);
    this.#hashes = doubled(this.#hashes);
  }

  /** The place of a height's first row in the order. */
  #firstAt(height: number): number {
    return this.#firstWhere((row) => this.#heights[row]! >= height);
  }

  /** By halves: of all rows in order, those for which it does not hold come first. */
  #firstWhere(holds: (row: number) => boolean): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#order[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #compare(a: number, b: number): number {
    return this.#compareWith(a, this.#heights[b]!, this.#hashes, b * WORDS);
  }

  /** @param at where in the words the other hash begins. */
  #compareWith(row: number, height: number, words: Uint32Array, at = 0): number {
    const byHeight = this.#heights[row]! - height;
    if (byHeight !== 0) return byHeight;
    for (let word = 0; word < WORDS; word++) {
      const difference = this.#hashes[row * WORDS + word]! - words[at + word]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #hashOf(row: number): StateHash {
    const bytes = new Uint8Array(this.#hashes.slice(row * WORDS, (row + 1) * WORDS).buffer);
    return hashTextOfBytes("stateHash", bytes) as StateHash;
  }
}

function wordsOf(stateHash: StateHash): Uint32Array {
  return new Uint32Array(fieldBytesOfHash("stateHash", stateHash).slice().buffer);
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
