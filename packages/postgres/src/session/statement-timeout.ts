// The limit of a session on one statement, and the error of a statement that met it.

import { TryAgainError } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import { maskUrl } from "./connection-url.ts";
import { sqlStateOf } from "./sqlstate.ts";

export interface StatementTimeout {
  /** How long the server works on one statement at most, in milliseconds. */
  readonly ms: number;
  /** What an operator raises it with: a key of the configuration, an option. */
  readonly raisedBy: string;
}

/** The server ends a statement by the same code when its limit is met and when somebody asked for it. */
const CANCELED_SQLSTATE = "57014";

/** The statement may end in time when its server has less to do, or when it is given more of it. */
export class StatementTimeoutError extends TryAgainError {
  constructor(url: string, { ms, raisedBy }: StatementTimeout, cause: unknown) {
    const limit = `${ms / MS_PER_SECOND} s`;
    super(
      `PostgreSQL at ${maskUrl(url)} ended a statement of ours that took longer than ${limit}`,
      {
        cause,
        hint:
          "look in pg_stat_activity of that server for what it waits for or is busy with; if it is merely slow, " +
          `raise ${raisedBy}, then run the same command again`,
      },
    );
    // One name for one exit code.
    this.name = TryAgainError.name;
  }
}

/** @param elapsedMs since the statement was sent. */
export function hasTimedOut(
  error: unknown,
  timeout: StatementTimeout | null,
  elapsedMs: number,
): boolean {
  return timeout !== null && sqlStateOf(error) === CANCELED_SQLSTATE && elapsedMs >= timeout.ms;
}
