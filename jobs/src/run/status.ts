// The status of a store, for `forklift status`: the sets, the runs, the lag, the trend of durations
// and sizes, and the start of the next run.

import type { Log } from "@forklift/console";
import type { Network } from "@forklift/network";
import {
  crashOf,
  type FollowState,
  isCrashed,
  type PublishedSet,
  publishedSets,
  type RunProgress,
  type RunRecord,
  runDurationMs,
  runHistory,
  setBytes,
} from "@forklift/sets";
import { openStore } from "@forklift/storage";
import type { Config } from "../config/schema.ts";
import { median, usualDurations } from "../observe/metrics/run-metrics.ts";
import { type RehearsalTrend, readRehearsals } from "./rehearsals.ts";
import { nextRuns } from "./schedule.ts";
import { type UnfinishedRun, unfinishedRuns } from "./unfinished-runs.ts";

/** Sets and runs that are shown: two weeks of nights. */
const SHOWN_MAX = 14;

export interface Status {
  readonly network: string;
  readonly store: string;
  /** The newest first. */
  readonly sets: readonly SetLine[];
  /** The newest first; a dead one is shown as `crashed`, also before a later run has closed it. */
  readonly runs: readonly RunLine[];
  /** Of this machine: at work, or interrupted, with what the next run goes on with. */
  readonly unfinished: readonly UnfinishedRun[];
  /** The last run that looked at the source and at the sets; null before there was one. */
  readonly lag: { readonly blocks: number; readonly at: string } | null;
  /** Of the last `follow` that had a good cycle; null before there was one. */
  readonly follow: (FollowState & { readonly state: RunRecord["state"] }) | null;
  /** Exit code 0, by recipe. */
  readonly lastSuccess: Readonly<Record<string, string>>;
  /** Of dry runs of final that succeeded, the last seven. */
  readonly rehearsals: RehearsalTrend;
  readonly trend: {
    /** Of the last run that published, and the median of up to seven before it. */
    readonly durationMs: Change | null;
    /** Of the newest set, and the median of up to seven before it. */
    readonly setBytes: Change | null;
  };
  /** By `schedule` of the configuration; null without one. */
  readonly nextRun: string | null;
  /** Sets and records that could not be read, and dumps that the last run passed over. */
  readonly faults: readonly string[];
}

export interface SetLine {
  readonly name: string;
  readonly height: number;
  readonly created: string;
  readonly bytes: number;
  readonly final: boolean;
}

export interface RunLine {
  readonly id: string;
  readonly recipe: string;
  readonly state: RunRecord["state"];
  readonly started: string;
  readonly durationMs: number;
  readonly exit: number | null;
  readonly published: boolean;
  readonly height: number | null;
  readonly lagBlocks: number | null;
  /** The stage that it is in, or in which it ended without success; null where nobody recorded it. */
  readonly progress: RunProgress | null;
  /** When that was so: the last heartbeat. */
  readonly updated: string;
  /** Why it failed or crashed, the whole of it, and what to do next. */
  readonly cause: string | null;
  readonly next: string | null;
  readonly evidence: string | null;
}

export interface Change {
  readonly last: number;
  readonly usual: number;
}

/** The newest may not have had a good cycle yet. */
const FOLLOWS_LOOKED_AT = 3;
/** Values that say what is usual. */
const USUAL_MAX = 7;

export async function readStatus(
  config: Config,
  network: Pick<Network, "name">,
  { date, log }: { readonly date: () => Date; readonly log: Log },
): Promise<Status> {
  const now = date();
  const store = openStore(config.target.store);
  const faults: string[] = [];
  const warn = (fault: string) => void faults.push(fault);
  const sets = (await publishedSets(store, network.name, warn).complete()).map(setLine);
  const history = runHistory(store, network.name, warn);
  const records = await history.newest(SHOWN_MAX * 2);
  const runs = records.map((record) => runLine(record, now));
  const looked = records.find(({ lagBlocks }) => lagBlocks !== null);
  const lag =
    looked === undefined
      ? null
      : { blocks: Math.max(0, looked.lagBlocks!), at: looked.ended ?? looked.updated };
  // Of the last run that looked: what it passed over may lie there still.
  for (const { name, reason } of looked?.dumpsPassedOver ?? []) {
    faults.push(`the last run passed over the dump ${name}: ${reason}`);
  }
  return {
    network: network.name,
    store: store.url,
    sets: sets.slice(0, SHOWN_MAX),
    runs: runs.slice(0, SHOWN_MAX),
    unfinished: await unfinishedRuns(config, network.name, date),
    lag,
    follow: followState(await history.newest(FOLLOWS_LOOKED_AT, "follow"), now),
    lastSuccess: lastSuccess(records),
    rehearsals: await readRehearsals(history),
    trend: {
      durationMs: durationTrend(records),
      setBytes: trendOf(sets.map(({ bytes }) => bytes)),
    },
    nextRun: nextRun(config, log),
    faults,
  };
}

function followState(records: readonly RunRecord[], now: Date): Status["follow"] {
  const record = records.find(({ follow }) => follow !== undefined);
  if (record?.follow === undefined) return null;
  return { ...record.follow, state: isCrashed(record, { now }) ? "crashed" : record.state };
}

function setLine({ name, manifest }: PublishedSet): SetLine {
  const { height, created, final } = manifest;
  return { name, height, created, final, bytes: setBytes(manifest) };
}

function runLine(record: RunRecord, now: Date): RunLine {
  const { id, recipe, started, updated, exit, published, set, lagBlocks, evidence } = record;
  const state = isCrashed(record, { now }) ? "crashed" : record.state;
  // The record of a dead run is closed by the next one only.
  const error = record.error ?? (state === "crashed" ? crashOf(record) : null);
  return {
    id,
    recipe,
    state,
    started,
    durationMs: state === "running" ? now.getTime() - Date.parse(started) : runDurationMs(record),
    exit,
    published,
    height: set?.height ?? null,
    lagBlocks: lagBlocks === null ? null : Math.max(0, lagBlocks),
    progress: record.progress,
    updated,
    cause: error?.message ?? null,
    next: error?.hint ?? null,
    evidence,
  };
}

function lastSuccess(records: readonly RunRecord[]): Record<string, string> {
  const last: Record<string, string> = {};
  for (const { state, recipe, ended } of records) {
    if (state === "succeeded" && ended !== null) last[recipe] ??= ended;
  }
  return last;
}

/** Runs of one recipe are compared: a prime takes longer than any daily. */
function durationTrend(records: readonly RunRecord[]): Change | null {
  const at = records.findIndex(({ state, published }) => state === "succeeded" && published);
  const last = records[at];
  if (last === undefined) return null;
  const usual = usualDurations(last.recipe, records.slice(at + 1));
  return usual.length === 0 ? null : { last: runDurationMs(last), usual: median(usual) };
}

/** @param values the newest first. */
function trendOf([last, ...before]: readonly number[]): Change | null {
  if (last === undefined || before.length === 0) return null;
  return { last, usual: median(before.slice(0, USUAL_MAX)) };
}

function nextRun(config: Config, log: Log): string | null {
  if (config.schedule?.cron === undefined) return null;
  return nextRuns(config, 1, log)[0]?.toISOString() ?? null;
}
