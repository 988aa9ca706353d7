// What a command hands to the runner besides its stages: marks, transactions, clock, observer.

import { progressMarks } from "@forklift/archive";
import {
  type Observer,
  runStages,
  type Stage,
  type StageReport,
  type WholeStage,
} from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Monitor } from "./metrics/monitor.ts";
import type { Log } from "./output/log.ts";
import { logObserver } from "./output/log-observer.ts";
import type { LogTail } from "./output/log-tail.ts";
import type { ProgressLine } from "./output/progress-line.ts";
import { terminalObserver } from "./output/terminal-observer.ts";

/** What the process gives to everything below it. */
export interface Shell {
  readonly log: Log;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** The time of day, for names and manifests. */
  readonly date: () => Date;
  /** Where progress is drawn; null when stderr is no terminal, or is to hold a log for machines. */
  readonly progressLine: ProgressLine | null;
  /** Told of every stage that has ended, besides the log. */
  readonly onStageEnded?: (report: StageReport) => void;
  /** Told of every progress, likewise. */
  readonly onStageProgressed?: Observer["stageProgressed"];
  /** Of the process, when its runs are to be seen while they go on. */
  readonly monitor?: Monitor;
  /** The end of the log, as evidence of a failure. */
  readonly logTail?: LogTail;
  /** Secrets of the environment, which must not get into evidence. */
  readonly secrets?: readonly string[];
}

/** Runs stages whose batches commit in the target. */
export async function runInTarget<World extends { readonly target: Session }>(
  stages: readonly Stage<World, Session>[],
  world: World,
  shell: Shell,
): Promise<StageReport[]> {
  const { target } = world;
  return await runStages(stages, {
    ...runContext(world, shell),
    marks: progressMarks(target),
    transaction: (work) => target.transaction(() => work(target)),
  });
}

/** Runs stages that write no batches, hence need neither transactions nor marks. */
export async function runWithoutTarget<World>(
  stages: readonly WholeStage<World, unknown>[],
  world: World,
  shell: Shell,
): Promise<StageReport[]> {
  return await runStages<World, never>(stages, {
    ...runContext(world, shell),
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

/** Of people, or of a log. */
export function observerOf({ log, progressLine, now }: Shell): Observer {
  return progressLine === null ? logObserver(log, now) : terminalObserver(progressLine, now);
}

function runContext<World>(world: World, shell: Shell) {
  const observer = observerOf(shell);
  return {
    world,
    signal: shell.signal,
    now: shell.now,
    observer: {
      ...observer,
      stageEnded(report: StageReport) {
        observer.stageEnded(report);
        shell.onStageEnded?.(report);
      },
      stageProgressed(event: Parameters<Observer["stageProgressed"]>[0]) {
        observer.stageProgressed(event);
        shell.onStageProgressed?.(event);
      },
    },
  };
}
