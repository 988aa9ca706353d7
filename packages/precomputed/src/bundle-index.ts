// What one pass over a bundle finds out: where each block file lies in the unpacked archive and, if
// it is compressed, where unpacking can begin. A bundle may hold all of mainnet, so entries are small.

import type { Slice } from "./spool.ts";

/** A place in a gzip file from which on it can be unpacked. */
export interface RestartPoint {
  /** The first bit of a deflate block, counted from the beginning of the file. */
  readonly bit: number;
  /** Bytes of the archive before it, unpacked. */
  readonly unpacked: number;
  /** The packed 32 KiB before it, in the file of windows; null where nothing is looked back on. */
  readonly window: Slice | null;
}

/**
 * Members by file name, restart points in ascending order. Offsets and sizes stand in arrays of plain
 * numbers instead of in an object each: a member takes some 180 bytes, half of them the name, so
 * 700,000 blocks take 130 MB.
 */
export class BundleIndex {
  readonly #rows = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  readonly #bits: number[] = [];
  readonly #unpacked: number[] = [];
  readonly #windows: (Slice | null)[] = [];

  /** Of two members with one name the later counts, as when an archive is unpacked. */
  addMember(name: string, { offset, bytes }: Slice): void {
    this.#rows.set(copyOf(name), this.#offsets.length);
    this.#offsets.push(offset);
    this.#sizes.push(bytes);
  }

  /** Where the member lies in the unpacked archive. */
  find(name: string): Slice | null {
    const row = this.#rows.get(name);
    return row === undefined ? null : { offset: this.#offsets[row]!, bytes: this.#sizes[row]! };
  }

  *members(): Generator<{ readonly name: string } & Slice> {
    for (const [name, row] of this.#rows) {
      yield { name, offset: this.#offsets[row]!, bytes: this.#sizes[row]! };
    }
  }

  /** In ascending order. */
  addPoint({ bit, unpacked, window }: RestartPoint): void {
    this.#bits.push(bit);
    this.#unpacked.push(unpacked);
    this.#windows.push(window);
  }

  get pointCount(): number {
    return this.#bits.length;
  }

  point(number: number): RestartPoint {
    return {
      bit: this.#bits[number]!,
      unpacked: this.#unpacked[number]!,
      window: this.#windows[number]!,
    };
  }

  /** The number of the last restart point at or before that byte of the unpacked archive. */
  pointBefore(unpacked: number): number {
    let [low, high] = [0, this.#unpacked.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#unpacked[middle]! <= unpacked) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** A name cut out of a longer path keeps that path in memory; a copy keeps only itself. */
function copyOf(name: string): string {
  return Buffer.from(name, "latin1").toString("latin1");
}
