// The record of one run: written when it starts, renewed while it lives, completed when it ends.

import { SourceDataError } from "@forklift/pipeline";
import { z } from "zod";
import type { JobOptions } from "../job-world.ts";

export const RUN_RECORD_VERSION = 1;

/** What is run, as records, metrics and notices name it. */
export const RECIPE_NAMES = ["prime", "daily", "final", "final-dry-run"] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

export function recipeNameOf({ job, isDryRun }: Pick<JobOptions, "job" | "isDryRun">): RecipeName {
  return job === "final" && isDryRun ? "final-dry-run" : job;
}

const count = z.int().nonnegative();
const height = z.int().positive();

const stageSchema = z.strictObject({
  stage: z.string(),
  /** Why it had nothing to do. */
  skipped: z.string().nullable(),
  rowCount: count,
  elapsedMs: count,
  /** Null when nothing was measured. */
  rate: z.strictObject({ perSecond: z.number().nonnegative(), unit: z.string() }).nullable(),
});

export const runRecordSchema = z.strictObject({
  version: z.literal(RUN_RECORD_VERSION),
  id: z.string(),
  network: z.string(),
  recipe: z.enum(RECIPE_NAMES),
  forkliftVersion: z.string(),
  /** `crashed` is what a later run makes of a `running` one that gives no sign of life any more. */
  state: z.enum(["running", "succeeded", "failed", "crashed"]),
  started: z.iso.datetime(),
  /** The last sign of life. */
  updated: z.iso.datetime(),
  ended: z.iso.datetime().nullable(),
  process: z.strictObject({ host: z.string(), pid: z.int().positive() }),
  /** Null until it has ended, and for ever when it crashed. */
  exit: count.nullable(),
  error: z
    .strictObject({ name: z.string(), message: z.string(), hint: z.string().nullable() })
    .nullable(),
  stages: z.array(stageSchema),
  source: z
    .strictObject({
      /** The dump's name or the masked URL of the database. */
      name: z.string(),
      dumped: z.iso.datetime().nullable(),
      height,
      canonicalHeight: height,
    })
    .nullable(),
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
  /** Whether that set is this run's. */
  published: z.boolean(),
  lagBlocks: z.int().nullable(),
  /** Null when the run did not come to it. */
  verification: z.strictObject({ ok: z.boolean(), comparisons: count.nullable() }).nullable(),
  /** Faults of the source that stopped the run; null when the source was not looked at. */
  sourceFaults: count.nullable(),
  retries: count,
  peakMemoryBytes: count,
  /** Where the evidence of a failure lies. */
  evidence: z.string().nullable(),
});

export type RunRecord = z.infer<typeof runRecordSchema>;

/** Milliseconds between two signs of life. A bucket takes one write a second to one object. */
export const SIGN_OF_LIFE_INTERVAL_MS = 60_000;

/** Ten signs missed: longer than any hiccup of a store that the retries outlive. */
export const SILENCE_MAX_MS = 10 * SIGN_OF_LIFE_INTERVAL_MS;

export interface Witness {
  readonly now: Date;
  readonly host: string;
  readonly isAlive: (pid: number) => boolean;
}

/** Whether a record says `running` of a run that cannot be running any more. Pure. */
export function isCrashed(record: RunRecord, { now, host, isAlive }: Witness): boolean {
  if (record.state !== "running") return false;
  if (record.process.host === host && !isAlive(record.process.pid)) return true;
  return now.getTime() - Date.parse(record.updated) > SILENCE_MAX_MS;
}

/** How long it took, until its last sign of life if it did not end. */
export function runDurationMs({ started, updated, ended }: RunRecord): number {
  return Date.parse(ended ?? updated) - Date.parse(started);
}

export function encodeRunRecord(record: RunRecord): string {
  return `${JSON.stringify(runRecordSchema.parse(record), null, 2)}\n`;
}

/** @throws SourceDataError when the text is not a record that we know how to read. */
export function decodeRunRecord(text: string, where: string): RunRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SourceDataError(`run record ${where} is torn: ${(cause as Error).message}`, {
      cause,
    });
  }
  const result = runRecordSchema.safeParse(json);
  if (result.success) return result.data;
  throw new SourceDataError(`${where} is not a run record: ${z.prettifyError(result.error)}`);
}
