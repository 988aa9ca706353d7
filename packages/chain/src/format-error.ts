// The one error of the pure packages: a text or a value is not what its format demands.

/**
 * Thrown by decoders that know the format but not where the value came from. Whoever read the value
 * wraps this in an error that names the file, row or option.
 */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** The same failure, told with its place: `at` is a JSON path, a column or an option. */
export function formatErrorAt(at: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  return new FormatError(`${at}: ${error.message}`, { cause: error.cause });
}
