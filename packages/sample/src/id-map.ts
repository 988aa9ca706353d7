// Serial ids by the values that they stand for, and the next one to assign.

export class IdMap {
  readonly #ids = new Map<string, number>();
  readonly #kept: number;
  #last = 0;

  /** @param kept how many are remembered, the latest ones; the others are never looked up again. */
  constructor(kept = Number.POSITIVE_INFINITY) {
    this.#kept = kept;
  }

  /** The last id that was given; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get(key: string): number | undefined {
    return this.#ids.get(key);
  }

  /** The id of the key; when it has none, `insert` is called with a new one. */
  find(key: string, insert: (id: number) => void): number {
    const known = this.#ids.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    this.#last += 1;
    const id = this.#last;
    this.#remember(key, id);
    insert(id);
    return id;
  }

  /** A map goes through its keys in the order in which they were set. */
  #remember(key: string, id: number): void {
    this.#ids.delete(key);
    this.#ids.set(key, id);
    if (this.#ids.size <= this.#kept) return;
    for (const oldest of this.#ids.keys()) {
      this.#ids.delete(oldest);
      return;
    }
  }
}
