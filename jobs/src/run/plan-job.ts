// The plan of a job: what it reads, where it goes on and where it ends, its stages with the time that they take by
// what was measured, the room that it needs, and the interrupted run that it goes on with. Of a final also the
// candidate checks of its last block. Nothing is written, no lease taken, and no dump waited for.

import { jsonNumber } from "@forklift/chain";
import { type Context, openContext } from "@forklift/context";
import { maskUrl } from "@forklift/postgres";
import { type RunRecord, recipeNameOf, runHistory } from "@forklift/sets";
import { freeSpaceAt, MS_PER_SECOND, thisProcess } from "@forklift/system";
import { type CandidateReport, failedChecks } from "../candidate-checks.ts";
import type { Config } from "../config/schema.ts";
import {
  publishingStoreUrl,
  requireArchiveFor,
  requireSettledSource,
  requireTwoDatabases,
  workRoot,
} from "../context/configured-inputs.ts";
import { type DiskNeed, diskNeeded } from "../context/disk-needed.ts";
import { blockFilesOf } from "../context/job-context.ts";
import { type JobInputs, type JobOptions, openJobInputs } from "../context/job-inputs.ts";
import { keyOfJob } from "../context/job-key.ts";
import { notedDump } from "../context/job-work.ts";
import type { JobEnvironment } from "../observe/job-environment.ts";
import { endsElsewhere, inspectCandidate } from "../stages/check-candidate.ts";
import { requireHistoryOfStore } from "../stages/held-history.ts";
import { endOfFilesOf, lookForNews } from "../stages/look-for-news.ts";
import { requireNewStore } from "../stages/require-new-store.ts";
import { restoreSource } from "../stages/restore-source.ts";
import { workIdOf } from "../work/run-key.ts";
import { folderOf } from "../work/work-folder.ts";
import { bytesIn, findWork, otherWork } from "../work/work-folders.ts";
import type { WorkNotes } from "../work/work-notes.ts";
import {
  type ExpectedWindow,
  expectedWindow,
  GOES_BY_NEW_BLOCKS,
  readRehearsals,
} from "./rehearsals.ts";
import { RECIPES } from "./run-job.ts";

/** Its field names are a contract: `--json` prints exactly this. */
export interface JobPlan {
  readonly job: "prime" | "daily" | "final";
  readonly network: string;
  /** The dump's name, or the masked URL of the live archive, or those of block files. */
  readonly source: string;
  /** The set that the run goes on from; null when there is none that it can. A prime goes on from none. */
  readonly set: { readonly name: string; readonly height: number } | null;
  /** The block in which the run ends; null where a dump has to be restored first. */
  readonly end: { readonly height: number; readonly stateHash: string } | null;
  /** Blocks above that set, up to the end; null where nobody knows yet. */
  readonly blocks: number | null;
  /** Why a daily has nothing to do, as a sentence; null when it has. */
  readonly nothingNew: string | null;
  /** In the order in which they run. */
  readonly stages: readonly PlannedStage[];
  readonly disk: PlannedDisk | null;
  readonly work: PlannedWork;
  /** Null for other jobs than final, and when the source is a dump, which has to be restored first. */
  readonly candidate: CandidateReport | null;
  /** The ids of checks by which a run that publishes would be refused. */
  readonly refusedBy: readonly string[];
  /** Null before the first run of the job that was measured; of a final, before the first rehearsal. */
  readonly window: ExpectedWindow | null;
}

export interface PlannedStage {
  readonly stage: string;
  /** Why it has nothing to do; null where it has, or where only the run can tell. */
  readonly leftOut: string | null;
  /** Milliseconds, about; null where nothing was measured. */
  readonly ms: number | null;
}

/**
 * Of the work folder; null where the source is a live archive or block files, and nobody knows
 * what they come to.
 */
export interface PlannedDisk extends DiskNeed {
  readonly totalBytes: number;
  /** With what the interrupted run has taken already; null where it cannot be told. */
  readonly freeBytes: number | null;
}

export interface PlannedWork {
  readonly run: string;
  readonly folder: string;
  /** The interrupted run that this one goes on with; null where it begins. */
  readonly resumes: {
    readonly begun: string;
    readonly attempts: number;
    readonly bytes: number;
  } | null;
  /** Whether a process works in the folder now. */
  readonly isRunning: boolean;
  /** Interrupted runs of the same job on other input, beside which it begins anew. */
  readonly others: readonly {
    readonly run: string;
    readonly begun: string;
    readonly changes: readonly string[];
  }[];
}

/** Runs of every recipe that are looked at for one that published, or that measured a stage. */
const RUNS_LOOKED_AT = 30;

/**
 * @throws ConfigError, SourceDataError when something that the plan needs cannot be had, and what refuses the run
 * before its first stage: a store that holds a set, for a prime; for others one whose set holds more than they keep.
 */
export async function planJob(
  config: Config,
  options: JobOptions,
  environment: JobEnvironment,
): Promise<JobPlan> {
  requireTwoDatabases(config);
  requireArchiveFor(config);
  requireSettledSource(config, options.job);
  if (!options.isDryRun) publishingStoreUrl(config);
  await using opened = openContext(environment);
  const { schedule: _waits, ...patient } = config;
  // As a dry run, which takes no lease and completes nothing.
  const asked = { config: patient, options: { ...options, isDryRun: true }, runId: "plan" };
  const found = await openJobInputs(opened, asked, environment);
  const { isDryRun, job } = options;
  const givenTargetUrl = isDryRun ? null : (config.target.database ?? null);
  const inputs = { ...found, isDryRun, givenTargetUrl };
  if (job === "prime") await requireNewStore.plan(inputs);
  await requireHistoryOfStore(inputs, config.history);
  const { network, store, stop } = inputs;
  const work = await workOf(config, inputs, environment);
  const sourceDump = await notedDump({ notes: () => work.notes }, inputs);
  const { database } = config.source;
  const last = await lastBlockOf(opened, database, inputs);
  const height = last?.height ?? heightOf(stop.stopAtHeight);
  const set = job === "prime" ? null : await inputs.sets.newest(bigintOf(height));
  const blocks = blocksAbove(job, set?.manifest.height ?? null, height);
  const history = runHistory(store, network.name, opened.warn);
  const records = await history.newest(RUNS_LOOKED_AT);
  const measured = recipeNameOf({ job, isDryRun: job === "final" });
  const window = expectedWindow(await readRehearsals(history, measured), {
    ...{ blocks, height, host: thisProcess().host },
    published: records,
  });
  const newest = job === "daily" ? set : null;
  const { requireOrphans } = config;
  const news =
    newest &&
    (await lookForNews.plan({
      ...{ ...inputs, ...endOfFilesOf(inputs), sourceDump, set: newest, requireOrphans },
    }));
  const candidate = job === "final" ? last : null;
  return {
    job: job as JobPlan["job"],
    network: network.name,
    source:
      sourceDump?.name ??
      (database === undefined ? blockFilesOf(inputs.places) : maskUrl(database)),
    set: set === null ? null : { name: set.name, height: set.manifest.height },
    end:
      last === null || last.height === null
        ? null
        : { height: last.height, stateHash: last.stateHash },
    blocks,
    nothingNew: news !== null && "skip" in news ? news.skip : null,
    stages: plannedStages(
      { ...inputs, sourceDump, history: config.history },
      { blocks, window, records },
    ),
    disk: await diskOf(config, { ...inputs, sourceDump }, work),
    work: work.planned,
    candidate,
    refusedBy: candidate === null || isDryRun ? [] : refusalsOf(candidate, inputs),
    window,
  };
}

/** Null where a dump has to be restored first. */
async function lastBlockOf(
  opened: Context,
  database: string | undefined,
  inputs: JobInputs,
): Promise<CandidateReport | null> {
  if (database === undefined && !inputs.isFromBlocks) return null;
  const source = database === undefined ? null : await opened.source(database);
  return await inspectCandidate({ ...inputs, source, blocks: await inputs.openBlocks() });
}

/** A prime does all of them. */
function blocksAbove(job: JobOptions["job"], set: number | null, height: number | null) {
  if (height === null) return null;
  if (job === "prime") return height;
  return set === null ? null : height - set;
}

/** By the last run of the job; what goes by blocks also at the rate of any run. */
function plannedStages(
  {
    job,
    sourceDump,
    ...choice
  }: Pick<JobInputs, "job" | "sourceDump" | "isFromBlocks"> & Pick<Config, "history">,
  {
    blocks,
    window,
    records,
  }: Pick<JobPlan, "blocks" | "window"> & { readonly records: readonly RunRecord[] },
): PlannedStage[] {
  const ids = RECIPES[job](choice).map(({ id }) => id);
  return (job === "daily" ? [lookForNews.id, ...ids] : ids).map((stage) => {
    const isLeftOut = stage === restoreSource.id && sourceDump === null;
    const leftOut = isLeftOut ? "the source is a live archive" : null;
    const ofJob = window?.stages.find((one) => one.stage === stage)?.ms ?? null;
    return { stage, leftOut, ms: isLeftOut ? null : (ofJob ?? msByRate(stage, blocks, records)) };
  });
}

/** @param records the newest first. */
function msByRate(id: string, blocks: number | null, records: readonly RunRecord[]): number | null {
  if (blocks === null || !GOES_BY_NEW_BLOCKS.has(id)) return null;
  const rates = records.flatMap(({ stages }) =>
    stages.flatMap(({ stage, rate }) =>
      stage === id && rate?.unit === "blocks" && rate.perSecond > 0 ? [rate.perSecond] : [],
    ),
  );
  const [newest] = rates;
  return newest === undefined ? null : Math.round((blocks * MS_PER_SECOND) / newest);
}

interface FoundWork {
  readonly planned: PlannedWork;
  readonly notes: Pick<WorkNotes, "sourceDump">;
}

async function workOf(
  config: Config,
  inputs: JobInputs,
  { date }: JobEnvironment,
): Promise<FoundWork> {
  const key = await keyOfJob(config, inputs);
  const place = { root: workRoot(config), date };
  const run = workIdOf(key);
  const found = (await findWork(key.network, place)).find(({ id }) => id === run);
  const notes = found?.notes ?? null;
  const folder = folderOf(place.root, key.network, run);
  const others = await otherWork(key, place);
  return {
    notes: notes ?? { sourceDump: null },
    planned: {
      ...{ run, folder, isRunning: found?.isRunning ?? false },
      resumes:
        notes === null
          ? null
          : {
              begun: notes.begun,
              attempts: notes.attempts,
              bytes: Number(await bytesIn(folder)),
            },
      others: others.map(({ id, notes: { begun }, changes }) => ({ run: id, begun, changes })),
    },
  };
}

async function diskOf(
  config: Config,
  { sourceDump, isDryRun }: Pick<JobInputs, "sourceDump" | "isDryRun">,
  { planned: { folder, resumes } }: FoundWork,
): Promise<PlannedDisk | null> {
  if (sourceDump === null) return null;
  const need = diskNeeded(Number(sourceDump.bytes), config, isDryRun);
  const space = await freeSpaceAt(folder);
  return {
    ...need,
    totalBytes: Object.values(need).reduce((sum, part) => sum + part, 0),
    freeBytes: space === null ? null : space.freeBytes + (resumes?.bytes ?? 0),
  };
}

/** An end by height alone is refused where the preset names another block, and by no check. */
function refusalsOf(candidate: CandidateReport, { stop, network }: JobInputs): string[] {
  const { lastPreForkBlock } = network;
  const failed = stop.forkStateHash === null ? [] : failedChecks(candidate).map(({ id }) => id);
  const isElsewhere = endsElsewhere({ stop, lastPreForkBlock }, candidate);
  return isElsewhere && !failed.includes("state-hash") ? ["state-hash", ...failed] : failed;
}

function heightOf(stopAtHeight: bigint | null): number | null {
  return stopAtHeight === null ? null : jsonNumber(stopAtHeight);
}

function bigintOf(height: number | null): bigint | undefined {
  return height === null ? undefined : BigInt(height);
}
