// The one error of the pure packages: a text or a value is not what its format demands.

/**
 * Thrown by decoders that know the format but not where the value came from. Whoever read the value
 * wraps this in an error that names the file, row or option.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
  /** What to give instead, where the decoder knows; whoever wraps the error hands it on. */
  readonly hint: string | undefined;

  constructor(message: string, { cause, hint }: FormatErrorOptions = {}) {
    super(message, { cause });
    this.hint = hint;
  }
}

export interface FormatErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string | undefined;
}

/** The same failure with its location: `at` is a JSON path, a column or an option. */
export function formatErrorAt(at: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return new FormatError(`${at}: ${error.message}`, { cause: error.cause, hint: error.hint });
}

/** Characters of a quotation. A signature, the longest text of a block, has 96. */
const QUOTED_MAX = 100;

/** A text for a message. Hostile input may be megabytes long; a message needs only its beginning. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text.slice(0, QUOTED_MAX));
  const isWhole = text.length <= QUOTED_MAX && quoted.length <= QUOTED_MAX + 2;
  return isWhole ? quoted : `${quoted.slice(0, QUOTED_MAX)}…`;
}
