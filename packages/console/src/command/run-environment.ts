// The environment of a run, which its command opens: a log, the stop signal, clocks, and the
// observers of its progress.

import type { Observer, StageReport } from "@forklift/pipeline";
import { type Log, type LogOptions, openLog } from "../log/log.ts";
import { logObserver } from "../log/log-observer.ts";
import { type LogTail, openLogTail } from "../log/log-tail.ts";
import type { ProgressLine } from "../log/progress-line.ts";
import { terminalObserver } from "../log/terminal-observer.ts";
import { secretsOfEnvironment } from "../text/redact.ts";
import type { Host } from "./host.ts";

export interface RunEnvironment {
  readonly log: Log;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** The time of day, for names and manifests. */
  readonly date: () => Date;
  /** Where progress is drawn; null when stderr is no terminal, or is to hold a log for machines. */
  readonly progressLine: ProgressLine | null;
  /** Is notified of every stage that starts, besides the log. */
  readonly onStageStarted?: Observer["stageStarted"];
  /** Is notified of every stage that has ended, likewise. */
  readonly onStageEnded?: (report: StageReport) => void;
  /** Is notified of every progress, likewise. */
  readonly onStageProgressed?: Observer["stageProgressed"];
  /** The end of the log, as evidence of a failure. */
  readonly logTail?: LogTail;
  /** Secrets of the process's variables, which must not get into evidence. */
  readonly secrets?: readonly string[];
}

export function openRunEnvironment(
  host: Host,
  options: Pick<LogOptions, "level" | "format">,
): RunEnvironment {
  const { progressLine, logStream: stream } = host;
  const logTail = openLogTail();
  return {
    log: openLog({ ...options, progressLine, stream, tail: logTail }),
    signal: host.signal,
    now: host.now,
    date: host.date,
    progressLine: options.format === "json" ? null : progressLine,
    logTail,
    secrets: secretsOfEnvironment(host.environment),
  };
}

/** Draws progress for people, or writes it to the log, and notifies the environment's callbacks. */
export function observerOf(environment: RunEnvironment): Observer {
  const { log, progressLine, now } = environment;
  const observer =
    progressLine === null ? logObserver(log, now) : terminalObserver(progressLine, now);
  return {
    ...observer,
    stageStarted(event) {
      observer.stageStarted(event);
      environment.onStageStarted?.(event);
    },
    stageEnded(report) {
      observer.stageEnded(report);
      environment.onStageEnded?.(report);
    },
    stageProgressed(event) {
      observer.stageProgressed(event);
      environment.onStageProgressed?.(event);
    },
  };
}
