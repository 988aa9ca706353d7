// Runs the daily job by a cron expression until a signal ends it. One run at a time; a run that
// fails is told of and the next one starts in its turn.

import { once } from "node:events";
import { ConfigError, exitCodeOf, ForkliftError } from "@forklift/pipeline";
import cron from "node-cron";
import type { Config } from "./config/schema.ts";
import type { Shell } from "./run-context.ts";
import { runJob } from "./run-job.ts";

/** @throws ConfigError when the configuration has no schedule. */
export async function runSchedule(config: Config, shell: Shell): Promise<void> {
  const { schedule } = config;
  const { log, signal } = shell;
  if (schedule === undefined) {
    throw new ConfigError("the configuration has no schedule", {
      hint: 'set schedule.cron, for example to "0 2 * * *"',
    });
  }
  let running: Promise<void> = Promise.resolve();
  const task = cron.schedule(
    schedule.cron,
    () => {
      running = runDaily(config, shell).finally(() => logNext());
      return running;
    },
    { timezone: schedule.timezone, noOverlap: true, name: "daily" },
  );
  const logNext = () => {
    if (!signal.aborted) log.info({ next: task.getNextRun()?.toISOString() }, "next daily run");
  };
  task.on("execution:overlap", () =>
    log.warn("the last daily run has not ended; this one is left out"),
  );
  task.on("execution:missed", () => log.warn("a daily run was missed; this machine was not ready"));
  logNext();
  if (!signal.aborted) await once(signal, "abort");
  await task.destroy();
  await running;
}

async function runDaily(config: Config, shell: Shell): Promise<void> {
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
  } catch (error) {
    const hint = error instanceof ForkliftError ? error.hint : undefined;
    log.error({ err: error, exit: exitCodeOf(error), hint }, "daily run failed");
  }
}
