// Runs one stage in a sandbox, as a process of its own would: with a new context, by the real runner,
// whose batches and progress marks commit in the real target.

import { progressMarks } from "@forklift/archive";
import { runStages, type Stage, type StageReport, type StageRun } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type CrashPoints, NO_CRASH } from "./crash-points.ts";
import type { Sandbox } from "./fixture.ts";

export interface RunOptions {
  readonly crash?: CrashPoints;
  /** A signal stops the run when it has reported its progress that many times. */
  readonly stopAfter?: number;
  /** Leaves the checks afterwards out, which are a law of their own. Default: true. */
  readonly isVerified?: boolean;
}

export interface Ran {
  readonly report: StageReport;
  /** What the runner planned; undefined where there was nothing to do. */
  readonly plan: unknown;
  readonly progressCount: number;
}

/** @throws whatever the run ends with. */
export async function runStage<Context>(
  sandbox: Sandbox<Context>,
  stage: Stage<Context, Session>,
  { crash = NO_CRASH, stopAfter, isVerified = true }: RunOptions = {},
): Promise<Ran> {
  await using opened = await sandbox.open(crash);
  const { context } = opened;
  const stop = new AbortController();
  let plan: unknown;
  let progressCount = 0;
  const [report] = await runStages([isVerified ? stage : unverified(stage)], {
    context: context,
    signal: stop.signal,
    now: () => performance.now(),
    observer: {
      stageStarted: () => undefined,
      stagePlanned: (event) => {
        ({ plan } = event);
      },
      stageProgressed: () => {
        progressCount += 1;
        if (progressCount === stopAfter) stop.abort();
      },
      stageEnded: () => undefined,
    },
    ...durabilityOf(context),
  });
  return { report: report!, plan, progressCount };
}

function unverified<Context>(stage: Stage<Context, Session>): Stage<Context, Session> {
  return { ...stage, verify: async () => [] };
}

type Durability = Pick<StageRun<unknown, Session>, "marks" | "transaction">;

/** A context without a target is one of whole stages, which ask for neither. */
function durabilityOf(context: unknown): Durability {
  const { target } = context as { readonly target?: Session };
  if (target === undefined) return { marks: NO_MARKS, transaction: () => noTarget() };
  return {
    marks: progressMarks(target),
    transaction: (work) => target.transaction(() => work(target)),
  };
}

const NO_MARKS = { load: () => noTarget(), save: () => noTarget() };

function noTarget(): never {
  throw new Error("the context of this stage has no target to keep marks and batches in");
}
