// Runs the stages of a command: with the marks and transactions of its target, or without a target.

import { progressMarks } from "@forklift/archive";
import { observerOf, type RunEnvironment } from "@forklift/console";
import { runStages, type Stage, type StageReport, type WholeStage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

/** Runs stages whose batches commit in the target. */
export async function runInTarget<Context extends { readonly target: Session }>(
  stages: readonly Stage<Context, Session>[],
  context: Context,
  environment: RunEnvironment,
): Promise<StageReport[]> {
  const { target } = context;
  return await runStages(stages, {
    ...runOptions(context, environment),
    marks: progressMarks(target),
    transaction: (work) => target.transaction(() => work(target)),
  });
}

/** Runs stages that write no batches, hence need neither transactions nor marks. */
export async function runWithoutTarget<Context>(
  stages: readonly WholeStage<Context, unknown>[],
  context: Context,
  environment: RunEnvironment,
): Promise<StageReport[]> {
  return await runStages<Context, never>(stages, {
    ...runOptions(context, environment),
    marks: {
      load: () => unavailable("marks"),
      save: () => unavailable("marks"),
    },
    transaction: () => unavailable("transactions"),
  });
}

function unavailable(what: string): never {
  throw new Error(`a run without a target has no ${what}`);
}

function runOptions<Context>(context: Context, environment: RunEnvironment) {
  const { signal, now } = environment;
  return { context: context, signal, now, observer: observerOf(environment) };
}
