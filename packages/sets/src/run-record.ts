// The record of one run: written when it starts, renewed while it lives, completed when it ends.

import { parseJson } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { issuesText, type Liveness, livenessOf, type ProcessMark } from "@forklift/system";
import { z } from "zod";

export const RUN_RECORD_VERSION = 1;

/** What is run, as records, metrics and notices name it. */
export const RECIPE_NAMES = ["prime", "daily", "final", "final-dry-run", "follow"] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

export type JobName = Exclude<RecipeName, "final-dry-run">;

export function recipeNameOf({
  job,
  isDryRun,
}: {
  readonly job: JobName;
  readonly isDryRun: boolean;
}): RecipeName {
  return job === "final" && isDryRun ? "final-dry-run" : job;
}

const count = z.int().nonnegative();
const height = z.int().positive();

/** The pending blocks of a living source, replayed in memory above what is canonical. */
const pendingSchema = z.strictObject({
  /** Up to this height every pending block agrees, forks included. */
  provenTo: height,
  blocks: count,
  proven: count,
  forks: count,
  /** Blocks that differ; those that only follow one are not counted. */
  differences: count,
  /** The height from which on blocks were left out, since too many are pending; left out where none were. */
  cutAt: height.optional(),
});

export type PendingState = z.infer<typeof pendingSchema>;

/** How a target that follows a living source stood at the end of its last good cycle. */
const followSchema = z.strictObject({
  /** Of the highest block that is copied, replayed and verified. */
  height,
  stateHash: z.string(),
  /** Canonical blocks of the source above it. */
  lagBlocks: count,
  /** The target held what the source had as canonical so many seconds before. */
  lagSeconds: z.number().nonnegative(),
  pending: pendingSchema,
  at: z.iso.datetime(),
  cycles: count,
});

export type FollowState = z.infer<typeof followSchema>;

const stageSchema = z.strictObject({
  stage: z.string(),
  /** Why it had nothing to do. */
  skipped: z.string().nullable(),
  rowCount: count,
  elapsedMs: count,
  /** Null when nothing was measured. */
  rate: z.strictObject({ perSecond: z.number().nonnegative(), unit: z.string() }).nullable(),
});

/** The stage that a run is in, and how far that is. */
const progressSchema = z.strictObject({
  stage: z.string(),
  /** Of so many stages, from 1. */
  index: count,
  count,
  /** In `unit`; null while nothing is told of it. */
  done: count.nullable(),
  /** Null where nobody knows it. */
  total: count.nullable(),
  unit: z.string().nullable(),
});

/** What later versions have added to it is left out: after a step back the runs before are still told of. */
const runRecordSchema = z.object({
  version: z.literal(RUN_RECORD_VERSION),
  id: z.string(),
  network: z.string(),
  recipe: z.enum(RECIPE_NAMES),
  forkliftVersion: z.string(),
  /** A later run sets `crashed` on a `running` record whose heartbeat has stopped. */
  state: z.enum(["running", "succeeded", "failed", "crashed"]),
  started: z.iso.datetime(),
  /** The last heartbeat. */
  updated: z.iso.datetime(),
  ended: z.iso.datetime().nullable(),
  process: z.strictObject({ host: z.string(), pid: z.int().positive() }),
  /** Null until it has ended, and for ever when it crashed. */
  exit: count.nullable(),
  error: z
    .strictObject({ name: z.string(), message: z.string(), hint: z.string().nullable() })
    .nullable(),
  stages: z.array(stageSchema),
  /** As the run stood when the record was written last; null before its first stage and after its end. */
  progress: progressSchema.nullable().default(null),
  /** What the same command does if the run is interrupted, as a next step; old records have none. */
  again: z.string().nullable().default(null),
  source: z
    .strictObject({
      /** The dump's name or the masked URL of the database. */
      name: z.string(),
      dumped: z.iso.datetime().nullable(),
      height,
      canonicalHeight: height,
    })
    .nullable(),
  /** Newer dumps than the one that was used, and why; absent when there was none. */
  dumpsPassedOver: z.array(z.strictObject({ name: z.string(), reason: z.string() })).optional(),
  /** The newest complete set when the run ended. */
  set: z
    .strictObject({
      name: z.string(),
      height,
      created: z.iso.datetime(),
      bytes: count,
      exceptions: count,
    })
    .nullable(),
  /** Values of that set which the source lacked or had otherwise, and which block files gave. */
  healed: count.optional(),
  /** Whether that set is this run's. */
  published: z.boolean(),
  lagBlocks: z.int().nullable(),
  /** Of `follow` alone, from its first good cycle on. */
  follow: followSchema.optional(),
  /** Null when the run did not come to it. */
  verification: z.strictObject({ ok: z.boolean(), comparisons: count.nullable() }).nullable(),
  /** Faults of the source that stopped the run; null when the source was not looked at. */
  sourceFaults: count.nullable(),
  retries: count,
  peakMemoryBytes: count,
  /** Where the evidence of a failure lies. */
  evidence: z.string().nullable(),
});

export type RunProgress = z.infer<typeof progressSchema>;

export type RunRecord = z.infer<typeof runRecordSchema>;

/** Milliseconds between two heartbeats. A bucket takes one write a second to one object. */
export const HEARTBEAT_INTERVAL_MS = 60_000;

/** Ten heartbeats missed: longer than any outage of a store that the retries outlast. */
export const SILENCE_MAX_MS = 10 * HEARTBEAT_INTERVAL_MS;

/** Whether the process of a run is still there. */
export type LivenessProbe = (mark: ProcessMark) => Liveness;

/** Whether a record is in state `running` though its run cannot be running any more. */
export function isCrashed(
  { state, process: of, started, updated }: RunRecord,
  { now, probe = livenessOf }: { readonly now: Date; readonly probe?: LivenessProbe | undefined },
): boolean {
  if (state !== "running") return false;
  // A container that starts anew has its predecessor's host and number.
  if (probe({ ...of, seen: new Date(started) }) === "ended") return true;
  // A sign of life from the future is of a clock that was set back since, and would never grow old.
  return Math.abs(now.getTime() - Date.parse(updated)) > SILENCE_MAX_MS;
}

/** How long the run took, until its last heartbeat if it did not end. */
export function runDurationMs({ started, updated, ended }: RunRecord): number {
  return Date.parse(ended ?? updated) - Date.parse(started);
}

export function encodeRunRecord(record: RunRecord): string {
  return `${JSON.stringify(runRecordSchema.parse(record), null, 2)}\n`;
}

const RECORD_HINT = "remove this record; no run reads it, and the next one writes its own";

/** @throws SourceDataError when the text is not a record that we know how to read. */
export function decodeRunRecord(text: string, where: string): RunRecord {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new SourceDataError(`run record ${where} is torn: ${(cause as Error).message}`, {
      cause,
      hint: RECORD_HINT,
    });
  }
  const result = runRecordSchema.safeParse(json);
  if (result.success) return result.data;
  throw new SourceDataError(`${where} is not a run record: ${issuesText(result.error)}`, {
    hint: RECORD_HINT,
  });
}
