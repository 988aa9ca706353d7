// Recognizes transient failures, whichever library reports them.

import { errorCode } from "@forklift/system";
import { RETRIED_CODES, RETRIED_STATUSES } from "./http/http-client.ts";

/** Errors of the official client's HTTP library for connections that were reset or timed out. */
const CLIENT_CODES = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_NETWORK", "TimeoutError"];

export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined ? isBrokenConnection(error) : RETRIED_STATUSES.includes(status);
}

/** The HTTP status in an error, which each library keeps elsewhere. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, status, response } = error as {
    readonly code?: unknown;
    readonly status?: unknown;
    readonly response?: { readonly status?: unknown };
  };
  return [code, status, response?.status].map(Number).find((number) => number >= 100);
}

export function isBrokenConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = errorCode(error);
  if (code !== undefined && [...RETRIED_CODES, ...CLIENT_CODES].includes(code)) return true;
  const isLate = error.name === "TimeoutError" || error.name === "AbortError";
  const isLateFetch = "type" in error && /^(request|body)-timeout$/.test(`${error.type}`);
  // Wrapped by the libraries below the client, one of which does not know of causes.
  const wrapped = "error" in error ? error.error : error.cause;
  return isLate || isLateFetch || isBrokenConnection(wrapped);
}
