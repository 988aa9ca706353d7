// Every way in which forklift fails on purpose, and the exit code that a scheduler reads.

/** Process exit codes, after sysexits.h where it has one. 1 and 2 belong to Node and the shell. */
export const EXIT = {
  ok: 0,
  verificationFailed: 20,
  usage: 64,
  sourceData: 65,
  bug: 70,
  tryAgain: 75,
  config: 78,
} as const;

export type ExitName = keyof typeof EXIT;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** The operator's next step, as a sentence or as a command to run. */
  readonly hint?: string;
  /** What a program reads besides the sentence: fields of the document that `--json` prints. */
  readonly details?: object;
}

/** An error that was thrown on purpose. Its message says what, where, expected and found. */
export abstract class ForkliftError extends Error {
  abstract readonly exit: Exclude<ExitName, "ok" | "bug">;
  readonly hint: string | undefined;
  /** Grows by `addDetails` alone. */
  details: object | undefined;

  constructor(message: string, { cause, hint, details }: ErrorOptions = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.hint = hint;
    this.details = details;
  }
}

/** The caller used the command line wrongly. */
export class UsageError extends ForkliftError {
  readonly exit = "usage";
}

/** Something around us must change first: a URL, a schema, a network, a setting, a credential. */
export class ConfigError extends ForkliftError {
  readonly exit = "config";
}

/** What we were given to read breaks a rule: a dump, a block file, a source row, a checkpoint, a set. */
export class SourceDataError extends ForkliftError {
  readonly exit = "sourceData";
}

/** The same command may succeed later: a server is away, a lock is held, we were told to stop. */
export class TryAgainError extends ForkliftError {
  readonly exit = "tryAgain";
}

/** We worked; the answer is no. */
export class VerificationError extends ForkliftError {
  readonly exit = "verificationFailed";
}

/**
 * What went wrong first. Where cleaning up fails as well, `await using` throws an error that holds
 * both, and the one of the cleaning up mostly follows from the other.
 */
export function firstError(error: unknown): unknown {
  let first = error;
  while (first instanceof Error && first.name === "SuppressedError" && "suppressed" in first) {
    first = first.suppressed;
  }
  return first;
}

/**
 * Tells programs what only the one who runs the work knows, such as which place gave what, and leaves
 * the error the one that was thrown. What the error has told itself stands.
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
