// Turns run records into metrics: those of a process while it runs, and those of a run that ended.

import { type RunRecord, recipeNameOf, runDurationMs } from "@forklift/sets";
import { MS_PER_SECOND } from "@forklift/system";
import type { DiskSpace } from "./disk-space.ts";
import type { Metrics } from "./metrics.ts";

/** Runs that say what is usual. */
const USUAL_RUNS = 7;

const DRY_RUN: string = recipeNameOf({ job: "final", isDryRun: true });

const seconds = (iso: string) => Date.parse(iso) / MS_PER_SECOND;

/**
 * Sets every metric of a record. Called when a run starts, after each stage and at its end.
 * @param earlier records of earlier runs, the newest first.
 */
export function setRunMetrics(
  metrics: Metrics,
  record: RunRecord,
  earlier: readonly RunRecord[],
): void {
  const { network, recipe, ended, exit, source, set, verification } = record;
  const run = { network, recipe };
  const hasEnded = ended !== null;
  metrics.set("forklift_running", run, record.state === "running" ? 1 : 0);
  setLastSuccess(metrics, record, earlier);
  metrics.set("forklift_usual_duration_seconds", run, usualDurationSeconds(record, earlier));
  metrics.forget("forklift_stage_duration_seconds", run);
  metrics.forget("forklift_stage_rate", run);
  for (const { stage, skipped, elapsedMs, rate } of record.stages) {
    if (skipped !== null) continue;
    const labels = { ...run, stage };
    metrics.set("forklift_stage_duration_seconds", labels, elapsedMs / MS_PER_SECOND);
    if (rate === null) continue;
    metrics.set("forklift_stage_rate", { ...labels, unit: rate.unit }, rate.perSecond);
  }
  metrics.set("forklift_retries", run, record.retries);
  metrics.set("forklift_peak_memory_bytes", run, record.peakMemoryBytes);
  if (hasEnded && exit !== null) {
    metrics.set("forklift_run_end_timestamp_seconds", run, seconds(ended));
    metrics.set("forklift_run_exit_code", run, exit);
    metrics.set("forklift_run_duration_seconds", run, runDurationMs(record) / MS_PER_SECOND);
  }
  if (source !== null) {
    metrics.set("forklift_source_height", { network }, source.height);
    metrics.set("forklift_source_canonical_height", { network }, source.canonicalHeight);
    const dumped = source.dumped === null ? null : seconds(source.dumped);
    metrics.set("forklift_source_dump_timestamp_seconds", { network }, dumped);
  }
  if (record.dumpsPassedOver !== undefined) {
    const count = record.dumpsPassedOver.length;
    metrics.set("forklift_source_dumps_passed_over", { network }, count);
  }
  // While a run is under way, what the last one found still holds.
  if (hasEnded || record.sourceFaults !== null) {
    metrics.set("forklift_source_faults", { network }, record.sourceFaults);
  }
  if (set !== null) {
    metrics.set("forklift_set_height", { network }, set.height);
    metrics.set("forklift_set_size_bytes", { network }, set.bytes);
    metrics.set("forklift_checkpoint_timestamp_seconds", { network }, seconds(set.created));
    metrics.set("forklift_exceptions_used", { network }, set.exceptions);
    metrics.set("forklift_healed_values", { network }, record.healed ?? 0);
  }
  if (record.lagBlocks !== null) {
    metrics.set("forklift_lag_blocks", { network }, Math.max(0, record.lagBlocks));
  }
  if (hasEnded || verification !== null) {
    const ok = verification === null ? null : Number(verification.ok);
    metrics.set("forklift_verification_ok", run, ok);
    metrics.set("forklift_verification_comparisons", run, verification?.comparisons ?? null);
  }
}

export function setDiskMetrics(
  metrics: Metrics,
  network: string,
  spaces: readonly DiskSpace[],
): void {
  for (const { place, freeBytes, sizeBytes } of spaces) {
    metrics.set("forklift_disk_free_bytes", { network, place }, freeBytes);
    metrics.set("forklift_disk_size_bytes", { network, place }, sizeBytes);
  }
}

/** What the process itself has not seen comes from the records: it may have been another machine. */
function setLastSuccess(metrics: Metrics, record: RunRecord, earlier: readonly RunRecord[]): void {
  const { network, recipe } = record;
  const success = [record, ...earlier].find(
    (one) => one.state === "succeeded" && one.recipe === recipe,
  );
  if (success === undefined) return;
  const at = seconds(success.ended!);
  metrics.set("forklift_last_success_timestamp_seconds", { network, recipe }, at);
}

function usualDurationSeconds({ recipe }: RunRecord, earlier: readonly RunRecord[]): number | null {
  const durations = usualDurations(recipe, earlier);
  return durations.length === 0 ? null : median(durations) / MS_PER_SECOND;
}

/**
 * Milliseconds, of runs that had something to do: an idle day says nothing of a working one. A dry run never
 * publishes, and does all the rest each time.
 */
export function usualDurations(recipe: string, earlier: readonly RunRecord[]): number[] {
  return earlier
    .filter((one) => one.recipe === recipe && one.state === "succeeded")
    .filter((one) => one.published || recipe === DRY_RUN)
    .slice(0, USUAL_RUNS)
    .map(runDurationMs);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
