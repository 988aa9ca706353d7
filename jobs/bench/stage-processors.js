// The processor time of each stage of a job, from outside: read when the log of the job says that a stage
// has ended, which is when the next begins.

import { processorSeconds } from "./processor-time.js";

export class StageProcessors {
  #last = null;
  /** By stage; nothing where the system does not say. */
  seconds = new Map();

  see = async ({ stage, elapsedMs }, pid) => {
    const isFirst = this.#last === null;
    const hasEnded = elapsedMs !== undefined;
    if (stage === undefined || !(isFirst || hasEnded)) return;
    const now = await processorSeconds(pid);
    if (now !== null && hasEnded && !isFirst) this.seconds.set(stage, now - this.#last);
    this.#last = now;
  };
}
