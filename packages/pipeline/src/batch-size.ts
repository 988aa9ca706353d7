// Adapts the batch size of a stage, so that one transaction takes a given time.

export interface BatchLimits {
  readonly min: number;
  readonly max: number;
  readonly targetMs: number;
}

/** A batch changes at most by this factor from one to the next: one slow moment says little. */
const STEP_MAX = 2;

export class BatchSize {
  readonly #limits: BatchLimits;
  #size: number;

  /** Starts with the smallest size: it is a trial. */
  constructor(limits: BatchLimits) {
    this.#limits = limits;
    this.#size = limits.min;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the size and the duration of the last batch. */
  adapt(count: number, elapsedMs: number): void {
    const { min, max, targetMs } = this.#limits;
    const wanted = (count * targetMs) / Math.max(elapsedMs, 1);
    const near = Math.min(Math.max(wanted, this.#size / STEP_MAX), this.#size * STEP_MAX);
    this.#size = Math.round(Math.min(Math.max(near, min), max));
  }
}
