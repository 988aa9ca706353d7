// Collects the reports of the stages of a run, and how far it is in the one under way, for its run record.

import type { Observer, StageReport } from "@forklift/pipeline";
import type { RunProgress, RunRecord } from "@forklift/sets";
import { MS_PER_SECOND } from "@forklift/system";

type StageEntry = RunRecord["stages"][number];
type Started = Parameters<Observer["stageStarted"]>[0];
type Progressed = Parameters<Observer["stageProgressed"]>[0];

export interface StageLog {
  /** What ended before is told no more. */
  forget(): void;
  started(event: Started): void;
  progressed(event: Progressed): void;
  ended(report: StageReport): void;
  readonly entries: readonly StageEntry[];
  /** Of the stage that was started last, also when it has ended; null before the first. */
  progress(): RunProgress | null;
}

interface Moment {
  readonly done: bigint;
  readonly ms: number;
}

/** The first progress starts the clock of a rate: what was done before it is not the run's work. */
export function openStageLog(now: () => number): StageLog {
  const entries: StageEntry[] = [];
  let first: Moment | null = null;
  let last: (Moment & { readonly unit: string }) | null = null;
  let progress: RunProgress | null = null;
  return {
    entries,
    progress: () => progress,
    forget() {
      entries.length = 0;
    },
    started({ stage, index, count }) {
      progress = { stage, index, count, done: null, total: null, unit: null };
    },
    progressed({ done, total, unit }) {
      if (progress !== null) {
        progress = {
          ...progress,
          ...{ done: Number(done), total: total === null ? null : Number(total), unit },
        };
      }
      const ms = now();
      first ??= { done, ms };
      last = { done, ms, unit };
    },
    ended({ stage, skipped, rowCount, elapsedMs }) {
      const rate = first === null || last === null ? null : rateBetween(first, last);
      entries.push({ stage, skipped: skipped ?? null, rowCount, elapsedMs, rate });
      first = null;
      last = null;
    },
  };
}

function rateBetween(from: Moment, to: Moment & { readonly unit: string }): StageEntry["rate"] {
  const seconds = (to.ms - from.ms) / MS_PER_SECOND;
  const done = Number(to.done - from.done);
  return seconds <= 0 || done <= 0 ? null : { perSecond: done / seconds, unit: to.unit };
}
