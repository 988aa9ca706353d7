// The metrics of `follow`, cycle by cycle.

import { jsonNumber } from "@forklift/chain";
import { MS_PER_SECOND } from "@forklift/system";
import type { Metrics } from "./metrics.ts";

export interface FollowedCycle {
  readonly height: number;
  readonly lagBlocks: number;
  readonly lagSeconds: number;
  readonly seen: Date;
  readonly pending: { readonly provenTo: bigint; readonly differences: readonly unknown[] };
  readonly elapsedMs: number;
  /** Null where no archive is asked. */
  readonly source: {
    readonly statementsPerSecond: number;
    readonly rowsPerSecond: number;
  } | null;
}

export function setCycleMetrics(metrics: Metrics, network: string, cycle: FollowedCycle): void {
  const { height, lagBlocks, lagSeconds, seen, pending, elapsedMs, source } = cycle;
  const labels = { network };
  const provenSeconds = seen.getTime() / MS_PER_SECOND;
  metrics.set("forklift_follow_height", labels, height);
  metrics.set("forklift_follow_lag_blocks", labels, lagBlocks);
  metrics.set("forklift_follow_lag_seconds", labels, lagSeconds);
  metrics.set("forklift_follow_proven_timestamp_seconds", labels, provenSeconds);
  metrics.set("forklift_follow_pending_height", labels, jsonNumber(pending.provenTo));
  metrics.set("forklift_follow_pending_differences", labels, pending.differences.length);
  metrics.set("forklift_follow_cycle_duration_seconds", labels, elapsedMs / MS_PER_SECOND);
  metrics.set("forklift_follow_failures", labels, 0);
  metrics.set("forklift_follow_stopped", labels, 0);
  metrics.set(
    "forklift_follow_source_statements_rate",
    labels,
    source?.statementsPerSecond ?? null,
  );
  metrics.set("forklift_follow_source_rows_rate", labels, source?.rowsPerSecond ?? null);
}

/** @param lagSeconds null before the first good cycle. */
export function setFailureMetrics(
  metrics: Metrics,
  network: string,
  { failures, lagSeconds }: { readonly failures: number; readonly lagSeconds: number | null },
): void {
  metrics.set("forklift_follow_failures", { network }, failures);
  metrics.set("forklift_follow_lag_seconds", { network }, lagSeconds);
}

export function setStoppedMetrics(metrics: Metrics, network: string): void {
  metrics.set("forklift_follow_stopped", { network }, 1);
}
