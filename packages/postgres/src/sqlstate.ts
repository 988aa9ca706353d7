// What an error of the driver or of the server means for a run: retry, reconfigure, or neither.

import { ConfigError, ForkliftError, TryAgainError } from "@forklift/pipeline";
import { maskUrl } from "./connection-url.ts";

/** Node's names for a server that cannot be reached or went away. */
const NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT", // no socket file: the local server is not up
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** SQLSTATE classes and codes after which the same command may succeed. */
const TRY_AGAIN_SQLSTATE = /^(08...|53...|57P0[0-5]|57014|40001|40P01|55P03)$/;

/** Authentication, no such database, no such role, no privilege. */
const CONFIG_SQLSTATE = /^(28...|3D000|42501)$/;

/** Errors that the driver reports by text alone. */
const LOST_MESSAGE =
  /connection terminated|connection error and is not queryable|timeout expired|client was closed/i;
const CREDENTIAL_MESSAGE = /^SASL|password must be a string|does not support SSL/i;

/**
 * Turns an error of a session into the ForkliftError that it means, with the cause kept, and gives
 * back anything else untouched: a wrong statement is for its author to explain.
 */
export function translateError(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof ForkliftError) return error;
  const code = codeOf(error) ?? "";
  const said = `${maskUrl(url)}: ${error.message || code}`;
  if (
    NETWORK_CODES.has(code) ||
    TRY_AGAIN_SQLSTATE.test(code) ||
    LOST_MESSAGE.test(error.message)
  ) {
    return new TryAgainError(`PostgreSQL at ${said}`, {
      cause: error,
      hint: "check that the server is up and reachable, then run the same command again",
    });
  }
  if (CONFIG_SQLSTATE.test(code) || CREDENTIAL_MESSAGE.test(error.message)) {
    return new ConfigError(`PostgreSQL at ${said}`, {
      cause: error,
      hint: "check user, password, database name and privileges of the connection URL",
    });
  }
  return error;
}

/** The SQLSTATE of an error, or of the error that it was made from. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) return code;
  return error instanceof Error && error.cause !== undefined ? sqlStateOf(error.cause) : undefined;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
