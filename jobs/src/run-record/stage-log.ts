// What the stages of a run did, as its record keeps it.

import type { Observer, StageReport } from "@forklift/pipeline";
import type { RunRecord } from "./run-record.ts";

type StageEntry = RunRecord["stages"][number];
type Progressed = Parameters<Observer["stageProgressed"]>[0];

export interface StageLog {
  progressed(event: Progressed): void;
  ended(report: StageReport): void;
  readonly entries: readonly StageEntry[];
}

interface Moment {
  readonly done: bigint;
  readonly ms: number;
}

const MS_PER_SECOND = 1000;

/** The first progress starts the clock of a rate: what was done before it is not the run's work. */
export function openStageLog(now: () => number): StageLog {
  const entries: StageEntry[] = [];
  let first: Moment | null = null;
  let last: (Moment & { readonly unit: string }) | null = null;
  return {
    entries,
    progressed({ done, unit }) {
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
