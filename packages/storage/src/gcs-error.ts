// What Google Cloud Storage and its client say, in the words of exit codes.

import { ConfigError, ForkliftError, TryAgainError } from "@forklift/pipeline";
import { isBrokenConnection, statusOf } from "./retry.ts";

export const ACCESS_HINT =
  "check GOOGLE_APPLICATION_CREDENTIALS or the workload identity, and the account's roles on the bucket";

/** An answer that we asked for ourselves and did not expect. */
export class UnexpectedAnswer extends Error {
  readonly status: number;

  constructor(status: number, body: string) {
    super(`answered ${status} ${body.slice(0, 500)}`.trim());
    this.name = "UnexpectedAnswer";
    this.status = status;
  }
}

/** The error to throw instead; `doing` reads "write gs://bucket/x". Our own bugs stay themselves. */
export function gcsError(error: unknown, doing: string): unknown {
  if (error instanceof ForkliftError) return error;
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === undefined && !isBrokenConnection(error)) return error;
  if (status === 412) {
    return new TryAgainError(`cannot ${doing}: another run wrote the object meanwhile`, {
      cause: error,
      hint: "see that only one run writes there, then run again",
    });
  }
  if (status === 401 || status === 403) {
    const found = `missing or refused credentials: ${message}`;
    return new ConfigError(`cannot ${doing}: ${found}`, { cause: error, hint: ACCESS_HINT });
  }
  if (status === 404) {
    return new ConfigError(`cannot ${doing}: there is no such bucket`, {
      cause: error,
      hint: "check the bucket's name, or create it",
    });
  }
  if (status === undefined || status >= 500 || status === 408 || status === 429) {
    return new TryAgainError(`cannot ${doing}: ${message}`, {
      cause: error,
      hint: "it was tried several times; check the network and the service's status page",
    });
  }
  return new ConfigError(`cannot ${doing}: ${message}`, { cause: error });
}
