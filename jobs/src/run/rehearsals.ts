// The rehearsals of a final run: what its dry runs took, stage by stage, and how long the window of the fork
// has to be by them.

import {
  type RecipeName,
  type RunHistory,
  type RunRecord,
  recipeNameOf,
  runDurationMs,
} from "@forklift/sets";
import { MS_PER_SECOND } from "@forklift/system";
import { median } from "../observe/metrics/run-metrics.ts";
import { finishPublication } from "../stages/finish-publication.ts";
import { publishSet } from "../stages/publish-set.ts";

/** Dry runs that are looked at, the newest of those that succeeded. */
const REHEARSALS_MAX = 7;

/** Records that are read for them: one may fail a few times before it succeeds. */
const RECORDS_READ = 3 * REHEARSALS_MAX;

const RECIPE: RecipeName = recipeNameOf({ job: "final", isDryRun: true });

export interface Rehearsal {
  readonly id: string;
  readonly ended: string;
  /** The machine that it ran on. */
  readonly host: string;
  readonly durationMs: number;
  /** Height of the highest block that the source had. */
  readonly sourceHeight: number | null;
  /** Those that had something to do. */
  readonly stages: readonly RehearsedStage[];
}

export interface RehearsedStage {
  readonly stage: string;
  readonly elapsedMs: number;
  /** Null where nothing was measured. */
  readonly blocksPerSecond: number | null;
}

/** One value of the last rehearsal, and the median of those before it; null where there was none. */
export interface RehearsalChange {
  readonly last: number;
  readonly usual: number | null;
}

export interface RehearsalTrend {
  /** The newest first. */
  readonly runs: readonly Rehearsal[];
  /** Null before the first one. */
  readonly durationMs: RehearsalChange | null;
  /** Of the stages of the last one, in their order. */
  readonly stages: readonly (RehearsalChange & { readonly stage: string })[];
}

/** @param recipe of another job: its runs that published, which tell how long the next one takes. */
export async function readRehearsals(
  history: RunHistory,
  recipe: RecipeName = RECIPE,
): Promise<RehearsalTrend> {
  const records = await history.newest(RECORDS_READ, recipe);
  const isMeasured = (record: RunRecord) =>
    record.state === "succeeded" && (recipe === RECIPE || (record.published && isWhole(record)));
  return trendOfRehearsals(records.filter(isMeasured).slice(0, REHEARSALS_MAX));
}

/** One that went on with an interrupted run has left out what that had done. */
function isWhole({ stages }: RunRecord): boolean {
  return stages.every(({ stage, skipped }) => skipped === null || !GOES_BY_NEW_BLOCKS.has(stage));
}

/** @param records of dry runs that succeeded, the newest first. */
export function trendOfRehearsals(records: readonly RunRecord[]): RehearsalTrend {
  const runs = records.map(rehearsalOf);
  const [last, ...before] = runs;
  if (last === undefined) return { runs, durationMs: null, stages: [] };
  return {
    runs,
    durationMs: changeOf(
      last.durationMs,
      before.map(({ durationMs }) => durationMs),
    ),
    stages: last.stages.map(({ stage, elapsedMs }) => ({
      stage,
      ...changeOf(
        elapsedMs,
        before.flatMap((run) => run.stages.find((one) => one.stage === stage)?.elapsedMs ?? []),
      ),
    })),
  };
}

function rehearsalOf(record: RunRecord): Rehearsal {
  const { id, ended, process: of, source, stages } = record;
  return {
    id,
    ended: ended!,
    host: of.host,
    durationMs: runDurationMs(record),
    sourceHeight: source?.height ?? null,
    stages: stages
      .filter(({ skipped }) => skipped === null)
      .map(({ stage, elapsedMs, rate }) => ({
        stage,
        elapsedMs,
        blocksPerSecond: rate?.unit === "blocks" ? rate.perSecond : null,
      })),
  };
}

function changeOf(last: number, before: readonly number[]): RehearsalChange {
  return { last, usual: before.length === 0 ? null : median(before) };
}

/** How long a run takes, from its start to its published set: about, by what was measured. */
export interface ExpectedWindow {
  readonly ms: number;
  /** In the order in which they run; publishing is measured in runs that published. */
  readonly stages: readonly { readonly stage: string; readonly ms: number }[];
  /** The id of the run that it is from: of a final, its last rehearsal. */
  readonly rehearsal: string;
  /** Whether that one ran on this machine: another one may be faster or slower. */
  readonly isOfThisMachine: boolean;
  /** Whether publishing is among it. */
  readonly hasPublishing: boolean;
}

/**
 * By the last run of this machine, else of any. What goes by blocks is taken at its rate for the blocks
 * that are to be done now; what goes by the whole history, as it was, with the growth of the chain.
 * @param published records of runs that published a set, the newest first.
 * @returns null before the first run.
 */
export function expectedWindow(
  { runs }: RehearsalTrend,
  {
    blocks,
    height,
    host,
    published,
  }: {
    /** Above the set that the run goes on from, and the height of its end; null where nobody knows yet. */
    readonly blocks: number | null;
    readonly height: number | null;
    readonly host: string;
    readonly published: readonly RunRecord[];
  },
): ExpectedWindow | null {
  const ofHere = runs.find((run) => run.host === host);
  const rehearsal = ofHere ?? runs[0];
  if (rehearsal === undefined) return null;
  const growth = growthOf(rehearsal.sourceHeight, height);
  const rehearsed = rehearsal.stages.map(({ stage, elapsedMs, blocksPerSecond }) => ({
    stage,
    ms:
      blocksPerSecond === null || blocks === null || !GOES_BY_NEW_BLOCKS.has(stage)
        ? elapsedMs * growth
        : (blocks * MS_PER_SECOND) / blocksPerSecond,
  }));
  const isRehearsed = (id: string) => rehearsal.stages.some(({ stage }) => stage === id);
  const publishing = publishingOf(published).filter(({ stage }) => !isRehearsed(stage));
  const stages = [...rehearsed, ...publishing].map(({ stage, ms }) => ({
    stage,
    ms: Math.round(ms),
  }));
  return {
    ms: stages.reduce((sum, { ms }) => sum + ms, 0),
    stages,
    rehearsal: rehearsal.id,
    isOfThisMachine: ofHere !== undefined,
    hasPublishing: stages.some(({ stage }) => stage === publishSet.id),
  };
}

/** Stages whose work is the blocks above the set. */
export const GOES_BY_NEW_BLOCKS: ReadonlySet<string> = new Set(["copy-blocks", "replay-commands"]);

/** A chain that has not grown, or is not known, takes as long as before. */
function growthOf(then: number | null, now: number | null): number {
  return then === null || now === null ? 1 : Math.max(1, now / then);
}

function publishingOf(published: readonly RunRecord[]): { stage: string; ms: number }[] {
  const last = published.find((record) => record.published && record.state === "succeeded");
  const ids: readonly string[] = [publishSet.id, finishPublication.id];
  return (last?.stages ?? [])
    .filter(({ stage, skipped }) => ids.includes(stage) && skipped === null)
    .map(({ stage, elapsedMs }) => ({ stage, ms: elapsedMs }));
}
