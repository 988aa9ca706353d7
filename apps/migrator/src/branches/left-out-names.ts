// Which blocks beside the chain a run has left out, for its verification: any other that is missing was lost.

import type { NamesLeftOut } from "../context.ts";

/** A state hash takes 52 bytes, about 100 in a set: 20 MB. Who leaves out more is told how many, not which. */
const NAMES_MAX = 200_000;

export class LeftOutNames implements NamesLeftOut {
  readonly #max: number;
  #names: Set<string> | null = null;

  constructor(max: number = NAMES_MAX) {
    this.#max = max;
  }

  begin(): void {
    this.#names = new Set();
  }

  forget(): void {
    this.#names = null;
  }

  add(stateHash: string): void {
    this.#names?.add(stateHash);
    if (this.#names !== null && this.#names.size > this.#max) this.forget();
  }

  get all(): ReadonlySet<string> | null {
    return this.#names;
  }
}
