// Runs the daily job by a cron expression until a signal ends it. One run at a time; a run that
// fails is told of and the next one starts in its turn, and so is a run that could not start.

import { once } from "node:events";
import { ConfigError, exitCodeOf, ForkliftError } from "@forklift/pipeline";
import cron, { type Logger, type ScheduledTask } from "node-cron";
import type { Config } from "./config/schema.ts";
import { networkOfConfig } from "./job-world.ts";
import type { Log } from "./output/log.ts";
import type { Shell } from "./run-context.ts";
import { runJob } from "./run-job.ts";

const MS_PER_SECOND = 1000;

/** A machine that was busy for so long has not missed the night. */
const LATE_MAX_MS = 60_000;

/** What came of the runs, when a signal has ended the schedule. */
export interface ScheduleSummary {
  readonly runs: number;
  readonly failed: number;
  /** Left out: the machine was asleep or too busy when they were due. */
  readonly missed: number;
  /** Left out: the run before had not ended. */
  readonly overlapped: number;
}

/**
 * Ends when the signal asks to, a run at its next batch.
 * @throws ConfigError when the configuration has no schedule.
 */
export async function runSchedule(config: Config, shell: Shell): Promise<ScheduleSummary> {
  const { log, signal } = shell;
  const { name: network } = await networkOfConfig(config);
  const summary = { runs: 0, failed: 0, missed: 0, overlapped: 0 };
  let running: Promise<void> = Promise.resolve();
  const task = dailyTask(config, log, () => {
    running = run();
    return running;
  });

  async function run(): Promise<void> {
    summary.runs++;
    if (!(await runDaily(config, shell))) summary.failed++;
    logNext();
  }

  function logNext(): void {
    if (signal.aborted) return;
    const next = task.getNextRun();
    log.info({ next: next?.toISOString() }, "next daily run");
    const seconds = next === null ? null : next.getTime() / MS_PER_SECOND;
    shell.monitor?.metrics.set("forklift_next_run_timestamp_seconds", { network }, seconds);
  }

  task.on("execution:overlap", ({ date }) => {
    summary.overlapped++;
    log.warn({ due: date.toISOString() }, "the last daily run has not ended; this one is left out");
  });
  task.on("execution:missed", ({ date }) => {
    summary.missed++;
    log.warn({ due: date.toISOString() }, "a daily run was missed; this machine was not ready");
  });
  await task.start();
  logNext();
  shell.monitor?.ready();
  if (!signal.aborted) await once(signal, "abort");
  await task.destroy();
  await running;
  return summary;
}

/** When the next runs are due; nothing is run. */
export function nextRuns(config: Config, count: number, log: Log): Date[] {
  const task = dailyTask(config, log, () => undefined);
  return task.getNextRuns(count);
}

function dailyTask({ schedule }: Config, log: Log, work: () => unknown): ScheduledTask {
  if (schedule?.cron === undefined) {
    throw new ConfigError("the configuration has no schedule", {
      hint: 'set schedule.cron, for example to "0 2 * * *"',
    });
  }
  return cron.createTask(schedule.cron, work, {
    timezone: schedule.timezone,
    noOverlap: true,
    name: "daily",
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

/** False when it failed. */
async function runDaily(config: Config, shell: Shell): Promise<boolean> {
  const { log } = shell;
  const options = {
    job: "daily",
    stop: { forkStateHash: null, stopAtHeight: null },
    isDryRun: false,
    isReplacing: false,
  } as const;
  try {
    const { set, published, height } = await runJob(config, options, shell);
    log.info({ set, published, height }, published ? "daily run published" : "nothing new");
    return true;
  } catch (error) {
    const hint = error instanceof ForkliftError ? error.hint : undefined;
    log.error({ err: error, exit: exitCodeOf(error), hint }, "daily run failed");
    return false;
  }
}
