// A task by a cron expression, of which at most one runs at a time.

import type { Log } from "@forklift/console";
import cron, { type Logger, type ScheduledTask } from "node-cron";

/** A machine that was busy for so long has not missed it. */
const LATE_MAX_MS = 60_000;

export interface CronTask {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string | undefined;
  readonly log: Log;
}

/** To be started. */
export function cronTask(
  { name, cron: expression, timezone, log }: CronTask,
  work: () => unknown,
): ScheduledTask {
  return cron.createTask(expression, work, {
    ...(timezone === undefined ? {} : { timezone }),
    noOverlap: true,
    name,
    missedExecutionTolerance: LATE_MAX_MS,
    // Ours say the same in words of our own.
    suppressMissedWarning: true,
    logger: quiet(log),
  });
}

function quiet(log: Log): Logger {
  const debug = (message: string | Error) => log.debug({ from: "node-cron" }, String(message));
  return { info: debug, warn: debug, error: debug, debug };
}
