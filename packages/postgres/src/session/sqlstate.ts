// What an error of the driver or of the server means for a run: retry, reconfigure, or neither.

import { ConfigError, ForkliftError, TryAgainError } from "@forklift/pipeline";
import { type TlsFault, tlsFaultOf } from "@forklift/system";
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

/** No line of pg_hba.conf lets such a connection in. */
const INVALID_AUTHORIZATION = "28000";
/** A write in a transaction that may only read. */
const READ_ONLY_SQLSTATE = "25006";
/** A standby's answer to the beginning of a transaction that is to write. */
const UNSUPPORTED_SQLSTATE = "0A000";

/** `allow_connections` is off. */
const NOT_IN_STATE_SQLSTATE = "55000";

/** Errors that the driver reports by text alone. */
const LOST_MESSAGE =
  /connection terminated|connection error and is not queryable|timeout expired|client was closed/i;
const CREDENTIAL_MESSAGE = /^SASL|password must be a string/i;
const NO_TLS_MESSAGE = /does not support SSL/i;

const TLS_HINTS: Readonly<Record<TlsFault, string>> = {
  "unknown authority":
    "give the certificate of the authority that signed the server's with sslrootcert=/path/to/ca.pem; " +
    "sslmode=no-verify goes without the check",
  "other name":
    "connect by a name that the server's certificate is of; sslmode=verify-ca goes without this check",
  "not valid now":
    "renew the server's certificate, or set the clock; sslmode=no-verify goes without the check",
  "no agreement": "check that host and port are the server's, and sslcert and sslkey a pair",
};

export const HIDDEN_ROWS_HINT =
  "a policy would hide rows, and forklift needs them all: give a role with BYPASSRLS or the tables' " +
  "owner, or alter the tables to disable row level security";

/** Whether the server or its rules want the connection the other way, encrypted or not. */
export function isRefusedTls(error: unknown): boolean {
  const cause = error instanceof ForkliftError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  return NO_TLS_MESSAGE.test(cause.message) || codeOf(cause) === INVALID_AUTHORIZATION;
}

/** By the server's own name for the place, since its words come in many languages. */
function hidesRows(error: Error): boolean {
  return "routine" in error && error.routine === "check_enable_rls";
}

/**
 * Turns an error of a session into the ForkliftError that it means, with the cause kept, and gives
 * back anything else untouched: a wrong statement is for its author to explain.
 */
export function translateError(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof ForkliftError) return error;
  const code = codeOf(error) ?? "";
  const said = `${maskUrl(url)}: ${error.message || code}`;
  const fault = tlsFaultOf(error);
  if (fault !== null) {
    const message = `TLS with PostgreSQL at ${said}`;
    return new ConfigError(message, { cause: error, hint: TLS_HINTS[fault] });
  }
  if (NO_TLS_MESSAGE.test(error.message)) {
    return new ConfigError(`PostgreSQL at ${said}`, {
      cause: error,
      hint: "switch TLS on in the server (ssl = on); sslmode=disable goes without it",
    });
  }
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
  if (hidesRows(error)) {
    return new ConfigError(`PostgreSQL at ${said}`, { cause: error, hint: HIDDEN_ROWS_HINT });
  }
  if (CONFIG_SQLSTATE.test(code) || CREDENTIAL_MESSAGE.test(error.message)) {
    return new ConfigError(`PostgreSQL at ${said}`, {
      cause: error,
      hint:
        code === INVALID_AUTHORIZATION
          ? "check user and pg_hba.conf; to a server that wants TLS the connection URL says sslmode=require"
          : "check user, password, database name and privileges of the connection URL",
    });
  }
  if (code === READ_ONLY_SQLSTATE) return cannotWrite(error, url);
  return error;
}

/** The error of a write, or of the beginning of a transaction that is to write, where nobody may. */
function cannotWrite(error: Error, url: string): ConfigError {
  return new ConfigError(`PostgreSQL at ${maskUrl(url)}: ${error.message}`, {
    cause: error,
    hint:
      "the server is a standby, or default_transaction_read_only is on for it, its database or its " +
      "role: give the primary's URL, or switch that off",
  });
}

/** What the failure of a connection means: a database that is being renamed lets nobody in for a moment. */
export function translateConnect(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || codeOf(error) !== NOT_IN_STATE_SQLSTATE) {
    return translateError(error, url);
  }
  return new TryAgainError(`PostgreSQL at ${maskUrl(url)}: ${error.message}`, {
    cause: error,
    hint: "wait for whoever has closed the database (a switch.sql that was broken off is run again), then run the same command again",
  });
}

/** What the failure of a `begin` means: a standby knows transactions that write by name only. */
export function translateBegin(error: unknown, url: string): unknown {
  const isUnsupported = error instanceof Error && codeOf(error) === UNSUPPORTED_SQLSTATE;
  return isUnsupported ? cannotWrite(error, url) : error;
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
