// What a command gets from its process, and what it gives back.

import { secretsOfEnvironment } from "../notify/redact.ts";
import { type LogOptions, openLog } from "../output/log.ts";
import { openLogTail } from "../output/log-tail.ts";
import type { ProgressLine } from "../output/progress-line.ts";
import type { Shell } from "../run-context.ts";

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Of stderr, where that is a terminal. Whoever writes there leaves it first. */
  readonly progressLine: ProgressLine | null;
  readonly now: () => number;
  readonly date: () => Date;
}

/** The result of a command, for people and for programs. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
}

export function openShell(host: Host, options: Pick<LogOptions, "level" | "format">): Shell {
  const { progressLine } = host;
  const logTail = openLogTail();
  return {
    log: openLog({ ...options, progressLine, tail: logTail }),
    signal: host.signal,
    now: host.now,
    date: host.date,
    progressLine: options.format === "json" ? null : progressLine,
    logTail,
    secrets: secretsOfEnvironment(host.environment),
  };
}
