// Every metric that forklift exports: the contract that alert rules, dashboard and documentation
// are checked against. All are gauges: a job that has ended cannot count on, its last values
// remain.

export interface MetricContract {
  /** Ends with its unit, as Prometheus wants it. Never reuse or rename one. */
  readonly name: string;
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** `recipe` and not `job`, which Prometheus keeps for itself: prime, daily, final, final-dry-run, follow. */
const RUN = ["network", "recipe"] as const;
const NETWORK = ["network"] as const;

export const METRICS = [
  {
    name: "forklift_build_info",
    unit: "1",
    labels: ["version"],
    help: "Always 1; the version of forklift stands in the label.",
  },
  {
    name: "forklift_running",
    unit: "0 or 1",
    labels: RUN,
    help: "Whether a run is under way.",
  },
  {
    name: "forklift_last_success_timestamp_seconds",
    unit: "seconds since 1970",
    labels: RUN,
    help: "When the last successful run ended, idle days included.",
  },
  {
    name: "forklift_run_end_timestamp_seconds",
    unit: "seconds since 1970",
    labels: RUN,
    help: "When the last run ended, however it ended.",
  },
  {
    name: "forklift_run_exit_code",
    unit: "exit code",
    labels: RUN,
    help: "Exit code of the last run; 0 is success.",
  },
  {
    name: "forklift_run_duration_seconds",
    unit: "seconds",
    labels: RUN,
    help: "How long the last run took.",
  },
  {
    name: "forklift_usual_duration_seconds",
    unit: "seconds",
    labels: RUN,
    help: "Median of the last seven runs before it that published a set; of dry runs, that succeeded.",
  },
  {
    name: "forklift_stage_duration_seconds",
    unit: "seconds",
    labels: [...RUN, "stage"],
    help: "How long a stage of the last run took; absent for one that had nothing to do.",
  },
  {
    name: "forklift_stage_rate",
    unit: "the unit in the label, per second",
    labels: [...RUN, "stage", "unit"],
    help: "How fast a stage went, from its first to its last progress.",
  },
  {
    name: "forklift_stage_progress_ratio",
    unit: "0 to 1",
    labels: [...RUN, "stage"],
    help: "How far a stage is, where its total is known.",
  },
  {
    name: "forklift_source_height",
    unit: "blocks",
    labels: NETWORK,
    help: "Height of the highest block of the source, pending ones included.",
  },
  {
    name: "forklift_source_canonical_height",
    unit: "blocks",
    labels: NETWORK,
    help: "Height of the highest canonical block of the source.",
  },
  {
    name: "forklift_set_height",
    unit: "blocks",
    labels: NETWORK,
    help: "Height of the newest complete set.",
  },
  {
    name: "forklift_lag_blocks",
    unit: "blocks",
    labels: NETWORK,
    help: "From the newest complete set to the tip of the source; some 290 are always pending.",
  },
  {
    name: "forklift_source_dump_timestamp_seconds",
    unit: "seconds since 1970",
    labels: NETWORK,
    help: "Date in the name of the source dump; absent with a live source.",
  },
  {
    name: "forklift_source_dumps_passed_over",
    unit: "dumps",
    labels: NETWORK,
    help: "Newer dumps than the one that was used: named in the future, cut off or damaged.",
  },
  {
    name: "forklift_source_faults",
    unit: "faults",
    labels: NETWORK,
    help: "Gaps and other faults of the source that stopped the last run; absent when it did not come to look.",
  },
  {
    name: "forklift_checkpoint_timestamp_seconds",
    unit: "seconds since 1970",
    labels: NETWORK,
    help: "When the newest set was published, and with it the newest checkpoint.",
  },
  {
    name: "forklift_set_size_bytes",
    unit: "bytes",
    labels: NETWORK,
    help: "All files of the newest complete set.",
  },
  {
    name: "forklift_retries",
    unit: "requests",
    labels: RUN,
    help: "Requests that the last run had to repeat: blocks, dump and store.",
  },
  {
    name: "forklift_verification_ok",
    unit: "0 or 1",
    labels: RUN,
    help: "Whether the verification found no difference; absent when the run did not come to it.",
  },
  {
    name: "forklift_verification_comparisons",
    unit: "comparisons",
    labels: RUN,
    help: "Values that the verification of the last run compared; absent on an idle day.",
  },
  {
    name: "forklift_exceptions_used",
    unit: "blocks",
    labels: NETWORK,
    help: "Blocks of the newest set whose recorded ledger hash was not demanded.",
  },
  {
    name: "forklift_healed_values",
    unit: "values",
    labels: NETWORK,
    help: "Values of the newest set that its source lacked or had otherwise, taken from block files.",
  },
  {
    name: "forklift_disk_free_bytes",
    unit: "bytes",
    labels: [...NETWORK, "place"],
    help: "Free space where forklift writes: work, cache, store.",
  },
  {
    name: "forklift_disk_size_bytes",
    unit: "bytes",
    labels: [...NETWORK, "place"],
    help: "Size of the file system in the same places.",
  },
  {
    name: "forklift_peak_memory_bytes",
    unit: "bytes",
    labels: RUN,
    help: "Greatest resident memory of the process so far, without PostgreSQL.",
  },
  {
    name: "forklift_follow_height",
    unit: "blocks",
    labels: NETWORK,
    help: "Height up to which the target that follows is copied, replayed and verified.",
  },
  {
    name: "forklift_follow_lag_blocks",
    unit: "blocks",
    labels: NETWORK,
    help: "Canonical blocks of the source above it, at the end of the last good cycle.",
  },
  {
    name: "forklift_follow_lag_seconds",
    unit: "seconds",
    labels: NETWORK,
    help: "Age of the picture of the source that the target held at the end of the last cycle, good or not.",
  },
  {
    name: "forklift_follow_proven_timestamp_seconds",
    unit: "seconds since 1970",
    labels: NETWORK,
    help: "When that picture was taken: all that was canonical by then stands in the target.",
  },
  {
    name: "forklift_follow_pending_height",
    unit: "blocks",
    labels: NETWORK,
    help: "Height up to which every pending block of the source agrees with its replay, forks included.",
  },
  {
    name: "forklift_follow_pending_differences",
    unit: "blocks",
    labels: NETWORK,
    help: "Pending blocks of the source whose ledger hash or commands differ from their replay.",
  },
  {
    name: "forklift_follow_cycle_duration_seconds",
    unit: "seconds",
    labels: NETWORK,
    help: "How long the last good cycle took.",
  },
  {
    name: "forklift_follow_failures",
    unit: "cycles",
    labels: NETWORK,
    help: "Cycles in a row that failed in passing; 0 after a good one.",
  },
  {
    name: "forklift_follow_stopped",
    unit: "0 or 1",
    labels: NETWORK,
    help: "Whether a difference or wrong data has stopped the cycles; the process waits to be ended.",
  },
  {
    name: "forklift_follow_source_statements_rate",
    unit: "statements per second",
    labels: NETWORK,
    help: "Statements that the last good cycle sent to the source, over its duration.",
  },
  {
    name: "forklift_follow_source_rows_rate",
    unit: "rows per second",
    labels: NETWORK,
    help: "Rows that the source sent to the last good cycle, likewise.",
  },
  {
    name: "forklift_next_run_timestamp_seconds",
    unit: "seconds since 1970",
    labels: NETWORK,
    help: "When the schedule starts the next run; absent for runs that others start.",
  },
] as const satisfies readonly MetricContract[];

export type Metric = (typeof METRICS)[number];
export type MetricName = Metric["name"];

/** Every label of a metric with its value; none may be left out. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<Extract<Metric, { readonly name: Name }>["labels"][number], string>
>;
