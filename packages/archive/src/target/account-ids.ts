// The ids of the rows that stand for accounts, remembered by the id of the account's public key: four bytes each,
// where the texts of their keys would be some hundred.

/** Ids for which there is room at first. */
const INITIAL_CAPACITY = 1024;

/** No row has it: ids begin with 1. */
const UNKNOWN = 0;

/** From the id of one row to the id of another, for ids that are given out one after the other. */
export class IdMap {
  #ids = new Int32Array(INITIAL_CAPACITY);

  has(id: number): boolean {
    return (this.#ids[id] ?? UNKNOWN) !== UNKNOWN;
  }

  /** Of one that was set. */
  get(id: number): number {
    return this.#ids[id]!;
  }

  set(id: number, to: number): void {
    if (id >= this.#ids.length) {
      const more = new Int32Array(2 ** Math.ceil(Math.log2(id + 1)));
      more.set(this.#ids);
      this.#ids = more;
    }
    this.#ids[id] = to;
  }
}

/** By the id of an account's public key. Valid for one run. */
export interface AccountIds {
  readonly identifiers: IdMap;
  /** The row that says that nothing of the account is locked. */
  readonly untimed: IdMap;
}
