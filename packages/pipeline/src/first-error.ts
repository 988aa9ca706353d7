// What a run failed with, as its caller reads it: the error that came first, and its exit code.

import { EXIT, ForkliftError } from "./errors.ts";
import { machineError } from "./machine-error.ts";

/**
 * What went wrong first. Where cleaning up fails as well, `await using` throws an error that holds
 * both, and the one of the cleaning up mostly follows from the other. What the machine raised comes
 * back as the typed error that it means.
 */
export function firstError(error: unknown): unknown {
  let first = error;
  while (first instanceof Error && first.name === "SuppressedError" && "suppressed" in first) {
    first = first.suppressed;
  }
  return machineError(first);
}

/**
 * Adds details for programs that only the caller knows, such as which source gave what, and keeps
 * the error the one that was thrown. Details that the error has already stay.
 */
export function addDetails(error: unknown, more: object): void {
  const first = firstError(error);
  if (first instanceof ForkliftError) first.details = { ...more, ...first.details };
}

/** Anything that was not thrown on purpose is our bug, and is never retried. */
export function exitCodeOf(error: unknown): number {
  const first = firstError(error);
  return first instanceof ForkliftError ? EXIT[first.exit] : EXIT.bug;
}

/** What to do about an error, whoever threw it. */
export function nextStepOf(error: unknown): string {
  const first = firstError(error);
  return first instanceof ForkliftError
    ? first.hint
    : "this is a fault of forklift: report it with all that it has printed";
}
