// The index of a bundle, made in one pass over it: where each block file lies in the unpacked
// archive and, if it is compressed, where unpacking can begin. A bundle may hold all of mainnet, so
// entries are small.

import type { Slice } from "../files/scratch-file.ts";

/** An access point: a position in a packed file from which on it can be unpacked. */
export interface AccessPoint {
  /** The first bit of a deflate block, or of a zstd frame, counted from the beginning of the file. */
  readonly bit: number;
  /** Bytes of the archive before it, unpacked. */
  readonly unpacked: number;
  /** The packed 32 KiB before it, in the file of windows; null where nothing is looked back on. */
  readonly window: Slice | null;
}

/** A block file of a bundle. */
export interface Member extends Slice {
  /** Where it lies packed by itself, in the file of the index; null for one that is read in place. */
  readonly packed: Slice | null;
}

/**
 * Members by file name, access points in ascending order. Offsets and sizes stand in arrays of plain
 * numbers instead of in an object each: a member takes some 180 bytes, half of them the name, so
 * 700,000 blocks take 130 MB.
 */
export class BundleIndex {
  readonly #rows = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  /** By row; -1 where the member is not packed by itself. */
  readonly #packedOffsets: number[] = [];
  readonly #packedSizes: number[] = [];
  readonly #bits: number[] = [];
  readonly #unpacked: number[] = [];
  readonly #windows: (Slice | null)[] = [];

  /**
   * Of two members with one name the later counts, as when an archive is unpacked.
   * @returns its row, for `setPacked`.
   */
  addMember(name: string, { offset, bytes }: Slice): number {
    const row = this.#offsets.length;
    this.#rows.set(copyOf(name), row);
    this.#offsets.push(offset);
    this.#sizes.push(bytes);
    this.#packedOffsets.push(-1);
    this.#packedSizes.push(0);
    return row;
  }

  setPacked(row: number, { offset, bytes }: Slice): void {
    this.#packedOffsets[row] = offset;
    this.#packedSizes[row] = bytes;
  }

  /** Where the member lies in the unpacked archive. */
  find(name: string): Member | null {
    const row = this.#rows.get(name);
    return row === undefined ? null : this.#member(row);
  }

  *members(): Generator<{ readonly name: string } & Member> {
    for (const [name, row] of this.#rows) yield { name, ...this.#member(row) };
  }

  #member(row: number): Member {
    const [offset, bytes] = [this.#packedOffsets[row]!, this.#packedSizes[row]!];
    const packed = offset === -1 ? null : { offset, bytes };
    return { offset: this.#offsets[row]!, bytes: this.#sizes[row]!, packed };
  }

  /** In ascending order. */
  addPoint({ bit, unpacked, window }: AccessPoint): void {
    this.#bits.push(bit);
    this.#unpacked.push(unpacked);
    this.#windows.push(window);
  }

  get pointCount(): number {
    return this.#bits.length;
  }

  point(number: number): AccessPoint {
    return {
      bit: this.#bits[number]!,
      unpacked: this.#unpacked[number]!,
      window: this.#windows[number]!,
    };
  }

  /** The number of the last access point at or before that byte of the unpacked archive. */
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

/** A slice of a longer path keeps that path in memory; a copy keeps only itself. */
function copyOf(name: string): string {
  return Buffer.from(name, "latin1").toString("latin1");
}
