// What one check has looked at and found so far. It keeps a few differences and counts the others,
// so that a wholly wrong target takes no more memory than a right one.

import { StoppedError } from "@forklift/pipeline";
import { DIFFERENCES_SHOWN_MAX, type Difference } from "./check-result.ts";

export class Findings {
  readonly #signal: AbortSignal;
  readonly #differences: Difference[] = [];
  #compared: number;
  #differenceCount = 0;

  /** @param compared rows that an interrupted walk has looked at. */
  constructor(signal: AbortSignal, compared = 0) {
    this.#signal = signal;
    this.#compared = compared;
  }

  get compared(): number {
    return this.#compared;
  }

  get differences(): readonly Difference[] {
    return this.#differences;
  }

  get differenceCount(): number {
    return this.#differenceCount;
  }

  /**
   * Counts a row that was looked at. Every check passes here for each of its rows, so it is here
   * that a signal stops it.
   */
  rowCompared(): void {
    if (this.#signal.aborted) {
      throw new StoppedError("stopped by a signal in the middle of a verification");
    }
    this.#compared++;
  }

  add(difference: Difference): void {
    this.#differenceCount++;
    if (this.#differences.length < DIFFERENCES_SHOWN_MAX) this.#differences.push(difference);
  }

  /** Differences of which only the number is known. */
  addUnnamed(count: number): void {
    this.#differenceCount += count;
  }

  /** Adds a difference if there is one. Null is the SQL null. */
  compare(
    place: Pick<Difference, "table" | "key" | "column">,
    expected: string | null,
    found: string | null,
  ): void {
    if (expected === found) return;
    this.add({ ...place, expected: String(expected), found: String(found) });
  }
}
