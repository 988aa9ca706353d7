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
  /** The operator's next step, as a sentence or as a command to run: something that can be done. */
  readonly hint: string;
  /** What a program reads besides the sentence: fields of the document that `--json` prints. */
  readonly details?: object;
}

/** An error that was thrown on purpose. Its message says what, where, expected and found. */
export abstract class ForkliftError extends Error {
  abstract readonly exit: Exclude<ExitName, "ok" | "bug">;
  readonly hint: string;
  /** Grows by `addDetails` alone. */
  details: object | undefined;

  constructor(message: string, { cause, hint, details }: ErrorOptions) {
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

/** Data of that kind which is cut off or damaged: what lies there is not what was written. */
export class DamagedDataError extends SourceDataError {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    // One name for one exit code.
    this.name = SourceDataError.name;
  }
}

/** The same command may succeed later: a server is unavailable, a lock is held, a signal came. */
export class TryAgainError extends ForkliftError {
  readonly exit = "tryAgain";
}

/** We worked; the answer is no. */
export class VerificationError extends ForkliftError {
  readonly exit = "verificationFailed";
}
