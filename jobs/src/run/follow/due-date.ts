// A date of a cron expression, from when it comes until it is served.

import { EXIT, exitCodeOf } from "@forklift/pipeline";

export class DueDate {
  #isDue = false;

  get isDue(): boolean {
    return this.#isDue;
  }

  come(): void {
    this.#isDue = true;
  }

  /** A date that comes meanwhile is another. After what passes by itself (75), the date is due again. */
  async serve(work: () => Promise<void>): Promise<void> {
    this.#isDue = false;
    try {
      await work();
    } catch (error) {
      this.#isDue ||= exitCodeOf(error) === EXIT.tryAgain;
      throw error;
    }
  }
}
