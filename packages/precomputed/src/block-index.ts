// Where each block file of a bundle lies. A bundle may hold all of mainnet, so entries are small.

/** A run of bytes in a file. */
export interface Slice {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * File name to slice. Offsets and sizes stand in two arrays of plain numbers instead of in an object
 * each: an entry takes some 180 bytes, half of them the name, so 700,000 blocks take 130 MB.
 */
export class BlockIndex {
  readonly #rows = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];

  get count(): number {
    return this.#rows.size;
  }

  /** Of two members with one name the later counts, as when an archive is unpacked. */
  add(name: string, { offset, bytes }: Slice): void {
    this.#rows.set(copyOf(name), this.#offsets.length);
    this.#offsets.push(offset);
    this.#sizes.push(bytes);
  }

  find(name: string): Slice | null {
    const row = this.#rows.get(name);
    return row === undefined ? null : { offset: this.#offsets[row]!, bytes: this.#sizes[row]! };
  }
}

/** A name cut out of a longer path keeps that path in memory; a copy keeps only itself. */
function copyOf(name: string): string {
  return Buffer.from(name, "latin1").toString("latin1");
}
