// The scheduler: runs the daily job by a cron expression until a signal ends it. One run at a time;
// a run that fails, or could not start, is reported, and the next one starts in its turn.

import { once } from "node:events";
import type { Log } from "@forklift/console";
import { ConfigError, exitCodeOf, nextStepOf } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import type { ScheduledTask } from "node-cron";
import type { Config } from "../config/schema.ts";
import { networkOfConfig } from "../context/configured-inputs.ts";
import type { JobEnvironment } from "../observe/job-environment.ts";
import { cronTask } from "./cron-task.ts";
import { runJob } from "./run-job.ts";

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
 * Ends when the signal is aborted, a run at its next batch.
 * @throws ConfigError when the configuration has no schedule.
 */
export async function runSchedule(
  config: Config,
  environment: JobEnvironment,
): Promise<ScheduleSummary> {
  const { log, signal } = environment;
  const { name: network } = await networkOfConfig(config);
  const summary = { runs: 0, failed: 0, missed: 0, overlapped: 0 };
  let running: Promise<void> = Promise.resolve();
  const task = dailyTask(config, log, () => {
    running = run();
    return running;
  });

  async function run(): Promise<void> {
    summary.runs++;
    if (!(await runDaily(config, environment))) summary.failed++;
    logNext();
  }

  function logNext(): void {
    if (signal.aborted) return;
    const next = task.getNextRun();
    log.info({ next: next?.toISOString() }, "next daily run");
    const seconds = next === null ? null : next.getTime() / MS_PER_SECOND;
    environment.monitor?.metrics.set("forklift_next_run_timestamp_seconds", { network }, seconds);
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
  environment.monitor?.ready();
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
  return cronTask({ ...schedule, cron: schedule.cron, name: "daily", log }, work);
}

/** False when it failed. */
async function runDaily(config: Config, environment: JobEnvironment): Promise<boolean> {
  const { log } = environment;
  const options = {
    job: "daily",
    stop: { forkStateHash: null, stopAtHeight: null },
    isDryRun: false,
    isReplacing: false,
  } as const;
  try {
    const { set, published, height } = await runJob(config, options, environment);
    log.info({ set, published, height }, published ? "daily run published" : "nothing new");
    return true;
  } catch (error) {
    log.error({ err: error, exit: exitCodeOf(error), hint: nextStepOf(error) }, "daily run failed");
    return false;
  }
}
