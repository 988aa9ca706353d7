// The error of work that a signal has ended. Deep in the work nobody knows whether the same command will
// continue or begin anew, so the command says that once, for all of its work.

import { TryAgainError } from "./errors.ts";
import { firstError } from "./first-error.ts";

/** The next step of a command that was stopped: what it does when it is run again. */
export const RUN_AGAIN = {
  /** For work that commits in a database or a store that outlives the run. */
  continues: "run the same command again; it continues where it stopped",
  /** For work that leaves nothing before its end. */
  beginsAnew: "run the same command again; it begins anew",
} as const;

export class StoppedError extends TryAgainError {
  constructor(message: string, { cause, hint }: { cause?: unknown; hint?: string } = {}) {
    super(message, { cause, hint: hint ?? "run the same command again" });
    // For programs it is one of those that may succeed later.
    this.name = TryAgainError.name;
  }
}

/** @throws StoppedError once a signal has requested a stop. */
export function throwIfStopped(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted === true) throw new StoppedError(`stopped by a signal during ${doing}`);
}

/** By the signal that is to end the work. */
const sentences = new WeakMap<AbortSignal, string>();

/** The next step of whoever leaves work that a signal should have ended, and that goes on. */
export function againAfter(signal: AbortSignal): string {
  return sentences.get(signal) ?? "run the same command again";
}

/**
 * Does the work of a command; where a signal ends it, the error says what running it again does.
 * @param again the next step, as a sentence.
 */
export async function stoppable<Result>(
  again: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  sentences.set(signal, again);
  try {
    return await work();
  } catch (error) {
    const first = firstError(error);
    if (!(first instanceof StoppedError)) throw error;
    const told = new StoppedError(first.message, { cause: first.cause, hint: again });
    told.details = first.details;
    throw told;
  }
}
