// How things stand, from the store alone: the sets, the runs, the lag, where durations and sizes go, and
// when the next run starts.

import type { Network } from "@forklift/network";
import { openStore } from "@forklift/storage";
import type { Config } from "../config/schema.ts";
import { median, usualDurations } from "../metrics/run-metrics.ts";
import type { Log } from "../output/log.ts";
import {
  isCrashed,
  type RunRecord,
  runDurationMs,
  type Witness,
} from "../run-record/run-record.ts";
import { runShelf } from "../run-record/run-shelf.ts";
import { nextRuns } from "../schedule.ts";
import { type PublishedSet, publishedSets } from "../sets/published-sets.ts";

/** Sets and runs that are shown: two weeks of nights. */
const SHOWN_MAX = 14;

export interface Status {
  readonly network: string;
  readonly store: string;
  /** The newest first. */
  readonly sets: readonly SetLine[];
  /** The newest first; a dead one is told as `crashed`, also before a later run has closed it. */
  readonly runs: readonly RunLine[];
  /** The last run that looked at the source and at the sets; null before there was one. */
  readonly lag: { readonly blocks: number; readonly at: string } | null;
  /** Exit code 0, by recipe. */
  readonly lastSuccess: Readonly<Record<string, string>>;
  readonly trend: {
    /** Of the last run that published, and the median of up to seven before it. */
    readonly durationMs: Change | null;
    /** Of the newest set, and the median of up to seven before it. */
    readonly setBytes: Change | null;
  };
  /** By `schedule` of the configuration; null without one. */
  readonly nextRun: string | null;
  /** Sets and records that could not be read. */
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
  readonly cause: string | null;
  readonly evidence: string | null;
}

export interface Change {
  readonly last: number;
  readonly usual: number;
}

/** Values that say what is usual. */
const USUAL_MAX = 7;

export async function readStatus(
  config: Config,
  network: Pick<Network, "name">,
  { witness, log }: { readonly witness: Witness; readonly log: Log },
): Promise<Status> {
  const store = openStore(config.target.store);
  const faults: string[] = [];
  const warn = (fault: string) => void faults.push(fault);
  const sets = (await publishedSets(store, network.name, warn).complete()).map(setLine);
  const records = await runShelf(store, network.name, warn).newest(SHOWN_MAX * 2);
  const runs = records.map((record) => runLine(record, witness));
  const looked = records.find(({ lagBlocks }) => lagBlocks !== null);
  const lag =
    looked === undefined ? null : { blocks: looked.lagBlocks!, at: looked.ended ?? looked.updated };
  return {
    network: network.name,
    store: store.url,
    sets: sets.slice(0, SHOWN_MAX),
    runs: runs.slice(0, SHOWN_MAX),
    lag,
    lastSuccess: lastSuccess(records),
    trend: {
      durationMs: durationTrend(records),
      setBytes: trendOf(sets.map(({ bytes }) => bytes)),
    },
    nextRun: nextRun(config, log),
    faults,
  };
}

function setLine({ name, manifest }: PublishedSet): SetLine {
  const { height, created, final, files } = manifest;
  return { name, height, created, final, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function runLine(record: RunRecord, witness: Witness): RunLine {
  const { id, recipe, started, exit, published, set, lagBlocks, error, evidence } = record;
  return {
    id,
    recipe,
    state: isCrashed(record, witness) ? "crashed" : record.state,
    started,
    durationMs: runDurationMs(record),
    exit,
    published,
    height: set?.height ?? null,
    lagBlocks,
    cause: error?.message ?? null,
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
