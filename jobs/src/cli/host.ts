// What a command gets from its process, and what it gives back.

import { secretsOfEnvironment } from "../notify/redact.ts";
import { type LogOptions, openLog } from "../output/log.ts";
import { openLogTail } from "../output/log-tail.ts";
import type { Shell } from "../run-context.ts";

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly now: () => number;
  readonly date: () => Date;
}

/** The result of a command, for people and for programs. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
}

export function openShell(host: Host, options: Pick<LogOptions, "level" | "format">): Shell {
  const isTerminal = host.stderr.isTTY === true;
  const logTail = openLogTail();
  return {
    log: openLog({ ...options, isTerminal, tail: logTail }),
    signal: host.signal,
    now: host.now,
    date: host.date,
    terminal: isTerminal && options.format !== "json" ? host.stderr : null,
    logTail,
    secrets: secretsOfEnvironment(host.environment),
  };
}
