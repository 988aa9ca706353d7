// Publishes sets from a target that follows, by a cron expression: between two cycles, when the target is
// verified and nothing writes to it. The lease of the store is held meanwhile, and at no other time.

import { openContext } from "@forklift/context";
import { EXIT, exitCodeOf, firstError, nextStepOf } from "@forklift/pipeline";
import type { Config } from "../../config/schema.ts";
import type { FollowContext, Followed } from "../../context/follow-context.ts";
import type { JobContext } from "../../context/job-context.ts";
import { type JobOptions, openJobInputs } from "../../context/job-inputs.ts";
import type { JobEnvironment } from "../../observe/job-environment.ts";
import { cronTask } from "../cron-task.ts";
import { runRecipe } from "../run-job.ts";
import { DueDate } from "./due-date.ts";

/** The options of what `follow` does as a job. */
export const FOLLOW: JobOptions = {
  job: "follow",
  stop: { forkStateHash: null, stopAtHeight: null },
  isDryRun: false,
  isReplacing: false,
};

/** What a store, a credential or an object in it may be wrong by; the target is not. */
const OF_THE_STORE: readonly number[] = [EXIT.tryAgain, EXIT.config, EXIT.sourceData];

export interface Publisher extends AsyncDisposable {
  /** Sets so far. */
  published(): number;
  /** What a cycle does at its end; null while nothing is due. */
  publishIfDue(
    followed: Followed,
    environment: JobEnvironment,
  ): ((context: FollowContext) => Promise<void>) | null;
}

export interface PublisherOptions {
  readonly config: Config;
  /** Of the run's record. */
  readonly runId: string;
}

/** Null for a configuration that never publishes. */
export async function openPublisher(
  { config, runId }: PublisherOptions,
  { log }: Pick<JobEnvironment, "log">,
): Promise<Publisher | null> {
  const { publish: cron } = config.follow;
  if (cron === "never") return null;
  const due = new DueDate();
  let count = 0;
  const timezone = config.schedule?.timezone;
  const task = cronTask({ name: "publication", cron, timezone, log }, () => due.come());
  await task.start();

  async function publish(
    followed: Followed,
    context: FollowContext,
    environment: JobEnvironment,
  ): Promise<void> {
    await using opened = openContext(environment);
    const run = { config, options: FOLLOW, runId };
    const inputs = await openJobInputs(opened, run, environment);
    const durations = new Map<string, number>();
    const job: JobContext = {
      ...{ ...inputs, ...context, work: followed.work, durations },
      candidate: { report: null },
    };
    const { set, published } = await runRecipe(job, environment);
    if (published) count++;
    log.info({ set, published }, published ? "published a set" : "nothing new to publish");
  }

  return {
    published: () => count,
    publishIfDue(followed, environment) {
      if (!due.isDue) return null;
      return async (context) => {
        try {
          await due.serve(() => publish(followed, context, environment));
        } catch (error) {
          // The target goes on without its set.
          const exit = exitCodeOf(error);
          if (!OF_THE_STORE.includes(exit) || environment.signal.aborted) throw error;
          const { message } = firstError(error) as Error;
          const then = due.isDue
            ? "the next cycle tries again"
            : "the next date of follow.publish does";
          log.error(
            { exit, hint: nextStepOf(error) },
            `nothing was published, ${then}: ${message}`,
          );
        }
      };
    },
    async [Symbol.asyncDispose]() {
      await task.destroy();
    },
  };
}
