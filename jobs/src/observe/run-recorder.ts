// Observes a run: keeps its record, sets its metrics, and sends the notice of its failure. No error
// here fails the run.

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { forkliftVersion, redact } from "@forklift/console";
import {
  EXIT,
  exitCodeOf,
  ForkliftError,
  nextStepOf,
  type StageReport,
  VerificationError,
} from "@forklift/pipeline";
import type { ServerSettings } from "@forklift/postgres";
import {
  type FollowState,
  HEARTBEAT_INTERVAL_MS,
  type PublishedSet,
  RUN_RECORD_VERSION,
  type RunHistory,
  type RunRecord,
  recipeNameOf,
  runHistory,
  runId,
} from "@forklift/sets";
import { openStore } from "@forklift/storage";
import { peakMemory, thisProcess } from "@forklift/system";
import { secretsOfConfig } from "../config/config-secrets.ts";
import type { Config } from "../config/schema.ts";
import type { JobContext } from "../context/job-context.ts";
import type { JobInputs, JobOptions } from "../context/job-inputs.ts";
import { runAgain } from "../context/run-again.ts";
import type { JobEnvironment } from "./job-environment.ts";
import { readDiskSpace } from "./metrics/disk-space.ts";
import { openMetrics } from "./metrics/metrics.ts";
import { pushMetrics } from "./metrics/push-metrics.ts";
import { setDiskMetrics, setRunMetrics } from "./metrics/run-metrics.ts";
import { composeEvidence } from "./notify/evidence.ts";
import { sendNotice } from "./notify/send-notice.ts";
import { readDatabases, summarizeRun, summarizeStanding } from "./run-summary.ts";
import { openStageLog } from "./stage-log.ts";

export interface RunWatch {
  /** Of the run's record. */
  readonly id: string;
  /** The environment of the run: the recorder is notified of every stage that ends in it. */
  readonly environment: JobEnvironment;
  /** To be called while the context is open, also after a failure. */
  look(context: JobContext, error: unknown): Promise<void>;
  /** Instead, where no database was opened: the set that stands is what the run came to. */
  stands(inputs: JobInputs, set: PublishedSet): void;
  /** Of a run that goes on cycle by cycle: the next one's stages are told of from now on. */
  cycled(state: FollowState): void;
  succeeded(outcome: { readonly published: boolean }): Promise<void>;
  failed(error: unknown): Promise<void>;
}

export interface WatchedRun {
  readonly config: Config;
  readonly options: JobOptions;
  readonly network: string;
  /** The id of the stage whose result is the verification of the run. */
  readonly verifyStage: string;
  readonly environment: JobEnvironment;
}

/** Earlier runs that are read when one starts: what is usual, the last success, who died. */
const EARLIER_RUNS = 30;

/** While a run moves, its record is at most that old: a bucket takes one write a second to one object. */
const PROGRESS_INTERVAL_MS = 10_000;

const RANDOM_BYTES = 3;

/** The name of the evidence beside a record. */
const EVIDENCE = "evidence.json";

export async function watchRun(run: WatchedRun): Promise<RunWatch> {
  const { config, network, environment } = run;
  const { log } = environment;
  const metrics = environment.monitor?.metrics ?? openMetrics();
  const secrets = [...secretsOfConfig(config), ...(environment.secrets ?? [])];
  const stages = openStageLog(environment.now);
  const history = openHistory(run);
  let databases: (ServerSettings | string)[] = [];
  let record = newRecord(run);
  const earlier = await sweep(run, history);

  /** One write after the other: a heartbeat must not overtake the end. */
  let writing: Promise<void> = Promise.resolve();
  let keptMs = environment.now();
  const keep = async (change: Partial<RunRecord>): Promise<void> => {
    keptMs = environment.now();
    record = {
      ...record,
      ...change,
      updated: environment.date().toISOString(),
      stages: [...stages.entries],
      progress: change.state === "succeeded" ? null : stages.progress(),
      peakMemoryBytes: peakMemory(),
    };
    setRunMetrics(metrics, record, earlier);
    setDiskMetrics(metrics, network, await readDiskSpace(config));
    const written = record;
    writing = writing.then(() => attempt(log, "kept", () => history.write(written)));
    await writing;
  };
  metrics.forget("forklift_stage_progress_ratio", { network, recipe: record.recipe });
  await keep({});
  const heartbeat = setInterval(() => void keep({}), HEARTBEAT_INTERVAL_MS).unref();

  const keepInTurn = () => {
    if (environment.now() - keptMs >= PROGRESS_INTERVAL_MS) void keep({});
  };

  const end = async (change: Partial<RunRecord>): Promise<void> => {
    clearInterval(heartbeat);
    await keep({ ...change, ended: environment.date().toISOString() });
    const { pushgateway } = config.metrics;
    if (pushgateway === undefined) return;
    await pushMetrics(metrics, { url: pushgateway, network, recipe: record.recipe }, log);
  };

  return {
    id: record.id,
    environment: {
      ...environment,
      onStageStarted(event) {
        environment.onStageStarted?.(event);
        stages.started(event);
        keepInTurn();
      },
      onStageEnded(report) {
        environment.onStageEnded?.(report);
        stages.ended(report);
        record = {
          ...record,
          verification: verificationOf(report, run.verifyStage) ?? record.verification,
        };
        setRunMetrics(metrics, { ...record, stages: [...stages.entries] }, earlier);
      },
      onStageProgressed(event) {
        environment.onStageProgressed?.(event);
        stages.progressed(event);
        keepInTurn();
        const { done, total, stage } = event;
        if (total === null || total === 0n) return;
        const labels = { network, recipe: record.recipe, stage };
        metrics.set("forklift_stage_progress_ratio", labels, Number(done) / Number(total));
      },
    },

    async look(context, error) {
      await attempt(log, "completed", async () => {
        record = { ...record, ...(await summarizeRun(context)) };
        if (error !== null) databases = await readDatabases(context);
      });
    },

    stands(inputs, set) {
      record = { ...record, ...summarizeStanding(inputs, set) };
    },

    cycled(state) {
      record = { ...record, follow: state };
      keepInTurn();
      stages.forget();
    },

    succeeded: ({ published }) =>
      end({ state: "succeeded", exit: EXIT.ok, published, sourceFaults: 0 }),

    async failed(error) {
      const told = errorEntry(error, secrets);
      const failed: Partial<RunRecord> = { state: "failed", exit: exitCodeOf(error), error: told };
      const verification =
        error instanceof VerificationError ? { ok: false, comparisons: null } : record.verification;
      record = { ...record, ...failed, verification, sourceFaults: faultsIn(error) };
      const place = await attempt(log, "completed", async () => {
        const evidence = composeEvidence({
          record: { ...record, stages: [...stages.entries], progress: stages.progress() },
          error,
          config,
          logEvents: environment.logTail?.events() ?? [],
          databases,
          disk: await readDiskSpace(config),
          secrets,
        });
        return await keepEvidence(history, { id: record.id, evidence, log });
      });
      log.info({ evidence: place ?? null }, "the evidence of the failure is kept");
      await end({ evidence: place ?? null });
      if (config.notify !== undefined) await sendNotice(config.notify, record, { log });
    },
  };
}

/** A run whose network or store cannot even be named leaves no record, but a notice is sent. */
export async function tellOfFalseStart(
  { config, options, environment }: Omit<WatchedRun, "network" | "verifyStage">,
  error: unknown,
): Promise<void> {
  if (config.notify === undefined) return;
  const network = typeof config.network === "string" ? config.network : "unknown";
  const secrets = [...secretsOfConfig(config), ...(environment.secrets ?? [])];
  const record = newRecord({ config, options, network, environment });
  const failed = { exit: exitCodeOf(error), error: errorEntry(error, secrets) } as const;
  await sendNotice(config.notify, { ...record, state: "failed", ...failed }, environment);
}

function newRecord({
  config,
  options,
  network,
  environment,
}: Omit<WatchedRun, "verifyStage">): RunRecord {
  const started = environment.date();
  const recipe = recipeNameOf(options);
  const { host, pid } = thisProcess();
  return {
    version: RUN_RECORD_VERSION,
    id: runId(started, recipe, randomBytes(RANDOM_BYTES).toString("hex")),
    network,
    recipe,
    forkliftVersion: forkliftVersion(),
    state: "running",
    started: started.toISOString(),
    updated: started.toISOString(),
    ended: null,
    process: { host, pid },
    exit: null,
    error: null,
    stages: [],
    progress: null,
    again: runAgain(config, options.isDryRun),
    source: null,
    set: null,
    published: false,
    lagBlocks: null,
    verification: null,
    sourceFaults: null,
    retries: 0,
    peakMemoryBytes: 0,
    evidence: null,
  };
}

/** @throws ConfigError for a store of a kind that we do not know. */
function openHistory({ config, network, environment }: WatchedRun): RunHistory {
  const warn = (message: string) => environment.log.warn(message);
  return runHistory(openStore(config.target.store), network, warn);
}

/** The earlier runs. The records of crashed ones are closed, and a notice of each is sent. */
async function sweep(
  { config, environment }: WatchedRun,
  history: RunHistory,
): Promise<readonly RunRecord[]> {
  const { log } = environment;
  const found = await attempt(log, "read", async () => {
    const crashed = await history.sweep(environment.date());
    return { crashed, earlier: await history.newest(EARLIER_RUNS) };
  });
  for (const dead of found?.crashed ?? []) {
    log.warn({ run: dead.id }, `an earlier run crashed: ${dead.error?.message}`);
    if (config.notify !== undefined) await sendNotice(config.notify, dead, { log });
  }
  return found?.earlier ?? [];
}

async function keepEvidence(
  history: RunHistory,
  {
    id,
    evidence,
    log,
  }: { readonly id: string; readonly evidence: string; log: JobEnvironment["log"] },
): Promise<string | null> {
  const inStore = await attempt(log, "kept", () => history.writeBeside(id, EVIDENCE, evidence));
  if (inStore !== undefined) return inStore;
  const file = path.join(tmpdir(), `forklift-${id}.${EVIDENCE}`);
  const written = await attempt(log, "kept", async () => {
    await writeFile(file, evidence, { mode: 0o600 });
    return file;
  });
  return written ?? null;
}

/** An error of the recorder does not change the outcome of a run. */
async function attempt<Result>(
  log: JobEnvironment["log"],
  what: "completed" | "kept" | "read",
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    log.warn(`run records cannot be ${what}: ${(error as Error).message}`);
    return undefined;
  }
}

function errorEntry(error: unknown, secrets: readonly string[]): RunRecord["error"] {
  const entry = {
    name: error instanceof Error ? error.name : "Error",
    message: error instanceof Error ? error.message : String(error),
    hint: nextStepOf(error),
  };
  return redact(entry, secrets) as typeof entry;
}

function verificationOf(
  { stage, skipped, rowCount }: StageReport,
  verifyStage: string,
): RunRecord["verification"] {
  if (stage !== verifyStage) return null;
  return { ok: true, comparisons: skipped === undefined ? rowCount : null };
}

/** How many faults of the source an audit counted; null when it is something else that went wrong. */
function faultsIn(error: unknown): number | null {
  const details = error instanceof ForkliftError ? error.details : undefined;
  const count = (details as { readonly stoppingCount?: unknown } | undefined)?.stoppingCount;
  return typeof count === "number" ? count : null;
}
