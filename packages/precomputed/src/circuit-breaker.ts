// Spares the blocks that follow from waiting for a source that is away.

import { TryAgainError } from "@forklift/pipeline";
import { refusalKind } from "./verify/refusal.ts";

/**
 * A source that was unavailable for so many blocks in a row, each retried for several seconds,
 * has its circuit breaker opened: else every block would wait as long for the next source.
 */
const FAILURES_IN_A_ROW_MAX = 3;
const COOL_DOWN_MS = 60_000;

/** Stops queries to a source that was unavailable several times in a row, while it cools down. */
export class CircuitBreaker {
  readonly #url: string;
  readonly #now: () => number;
  #failuresInARow = 0;
  #openUntilMs = Number.NEGATIVE_INFINITY;

  constructor(url: string, now: () => number) {
    this.#url = url;
    this.#now = now;
  }

  /**
   * Queries the source. Only its own answers count: a query that the open breaker refused must not
   * keep the breaker open, or the source would never be queried again.
   * @throws TryAgainError without a query while the breaker is open.
   */
  async watch<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#now() < this.#openUntilMs) {
      throw new TryAgainError(
        `${this.#url} was away ${this.#failuresInARow} times in a row and is not asked for a while`,
        { hint: "see that it can be reached, or name another source of blocks; then run again" },
      );
    }
    try {
      const answer = await ask();
      this.#failuresInARow = 0;
      this.#openUntilMs = Number.NEGATIVE_INFINITY;
      return answer;
    } catch (error) {
      if (refusalKind(error) === "unavailable") this.#notice();
      throw error;
    }
  }

  #notice(): void {
    this.#failuresInARow++;
    if (this.#failuresInARow < FAILURES_IN_A_ROW_MAX) return;
    this.#openUntilMs = this.#now() + COOL_DOWN_MS;
  }
}
