// Watches a run from outside: keeps its record, sets its metrics, and tells of its failure. Nothing
// that goes wrong here fails the run.

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import type { ServerSettings } from "@forklift/archive";
import {
  EXIT,
  exitCodeOf,
  ForkliftError,
  type StageReport,
  VerificationError,
} from "@forklift/pipeline";
import { openStore } from "@forklift/storage";
import type { Config } from "../config/schema.ts";
import { isAlive } from "../is-alive.ts";
import type { JobOptions, JobWorld } from "../job-world.ts";
import { readDiskSpace } from "../metrics/disk-space.ts";
import { openMetrics } from "../metrics/metrics.ts";
import { pushMetrics } from "../metrics/push-metrics.ts";
import { setDiskMetrics, setRunMetrics } from "../metrics/run-metrics.ts";
import { composeEvidence, peakMemoryBytes } from "../notify/evidence.ts";
import { redact, secretsOfConfig } from "../notify/redact.ts";
import { sendNotice } from "../notify/send-notice.ts";
import type { Shell } from "../run-context.ts";
import { verifyTarget } from "../stages/verify-target.ts";
import { forkliftVersion } from "../version.ts";
import { lookAtWorld, readDatabases } from "./look-at-world.ts";
import {
  RUN_RECORD_VERSION,
  type RunRecord,
  recipeNameOf,
  SIGN_OF_LIFE_INTERVAL_MS,
} from "./run-record.ts";
import { type RunShelf, runId, runShelf } from "./run-shelf.ts";
import { openStageLog } from "./stage-log.ts";

export interface RunWatch {
  /** The shell of the run: every stage that ends in it is heard of. */
  readonly shell: Shell;
  /** To be called while the world is open, also after a failure. */
  look(world: JobWorld, error: unknown): Promise<void>;
  succeeded(outcome: { readonly published: boolean }): Promise<void>;
  failed(error: unknown): Promise<void>;
}

export interface WatchedRun {
  readonly config: Config;
  readonly options: JobOptions;
  readonly network: string;
  readonly shell: Shell;
}

/** Earlier runs that are read when one starts: what is usual, the last success, who died. */
const EARLIER_RUNS = 30;

const RANDOM_BYTES = 3;

/** The name of the evidence beside a record. */
const EVIDENCE = "evidence.json";

export async function watchRun(run: WatchedRun): Promise<RunWatch> {
  const { config, network, shell } = run;
  const { log } = shell;
  const metrics = shell.monitor?.metrics ?? openMetrics();
  const secrets = [...secretsOfConfig(config), ...(shell.secrets ?? [])];
  const stages = openStageLog(shell.now);
  const shelf = openShelf(run);
  let databases: (ServerSettings | string)[] = [];
  let record = newRecord(run);
  const earlier = await sweep(run, shelf);

  /** One write after the other: a sign of life must not overtake the end. */
  let writing: Promise<void> = Promise.resolve();
  const keep = async (change: Partial<RunRecord>): Promise<void> => {
    record = {
      ...record,
      ...change,
      updated: shell.date().toISOString(),
      stages: [...stages.entries],
      peakMemoryBytes: peakMemoryBytes(),
    };
    setRunMetrics(metrics, record, earlier);
    setDiskMetrics(metrics, network, await readDiskSpace(config));
    const written = record;
    writing = writing.then(() => attempt(log, "kept", () => shelf.write(written)));
    await writing;
  };
  metrics.forget("forklift_stage_progress_ratio", { network, recipe: record.recipe });
  await keep({});
  const signOfLife = setInterval(() => void keep({}), SIGN_OF_LIFE_INTERVAL_MS).unref();

  const end = async (change: Partial<RunRecord>): Promise<void> => {
    clearInterval(signOfLife);
    await keep({ ...change, ended: shell.date().toISOString() });
    const { pushgateway } = config.metrics;
    if (pushgateway === undefined) return;
    await pushMetrics(metrics, { url: pushgateway, network, recipe: record.recipe }, log);
  };

  return {
    shell: {
      ...shell,
      onStageEnded(report) {
        shell.onStageEnded?.(report);
        stages.ended(report);
        record = { ...record, verification: verificationOf(report) ?? record.verification };
        setRunMetrics(metrics, { ...record, stages: [...stages.entries] }, earlier);
      },
      onStageProgressed(event) {
        shell.onStageProgressed?.(event);
        stages.progressed(event);
        const { done, total, stage } = event;
        if (total === null || total === 0n) return;
        const labels = { network, recipe: record.recipe, stage };
        metrics.set("forklift_stage_progress_ratio", labels, Number(done) / Number(total));
      },
    },

    async look(world, error) {
      await attempt(log, "completed", async () => {
        record = { ...record, ...(await lookAtWorld(world)) };
        if (error !== null) databases = await readDatabases(world);
      });
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
          record: { ...record, stages: [...stages.entries] },
          error,
          config,
          logEvents: shell.logTail?.events() ?? [],
          databases,
          disk: await readDiskSpace(config),
          secrets,
        });
        return await keepEvidence(shelf, { id: record.id, evidence, log });
      });
      log.info({ evidence: place ?? null }, "the evidence of the failure is kept");
      await end({ evidence: place ?? null });
      if (config.notify !== undefined) await sendNotice(config.notify, record, { log });
    },
  };
}

/** A run whose network or store cannot even be named leaves no record, but it is told of. */
export async function tellOfFalseStart(
  { config, options, shell }: Omit<WatchedRun, "network">,
  error: unknown,
): Promise<void> {
  if (config.notify === undefined) return;
  const network = typeof config.network === "string" ? config.network : "unknown";
  const secrets = [...secretsOfConfig(config), ...(shell.secrets ?? [])];
  const record = newRecord({ config, options, network, shell });
  const failed = { exit: exitCodeOf(error), error: errorEntry(error, secrets) } as const;
  await sendNotice(config.notify, { ...record, state: "failed", ...failed }, shell);
}

function newRecord({ options, network, shell }: WatchedRun): RunRecord {
  const started = shell.date();
  const recipe = recipeNameOf(options);
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
    process: { host: hostname(), pid: process.pid },
    exit: null,
    error: null,
    stages: [],
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
function openShelf({ config, network, shell }: WatchedRun): RunShelf {
  const warn = (message: string) => shell.log.warn(message);
  return runShelf(openStore(config.target.store), network, warn);
}

/** The earlier runs. Those that died are closed and told of. */
async function sweep(
  { config, shell }: WatchedRun,
  shelf: RunShelf,
): Promise<readonly RunRecord[]> {
  const { log } = shell;
  const found = await attempt(log, "read", async () => {
    const witness = { now: shell.date(), host: hostname(), isAlive };
    return { crashed: await shelf.sweep(witness), earlier: await shelf.newest(EARLIER_RUNS) };
  });
  for (const dead of found?.crashed ?? []) {
    log.warn({ run: dead.id }, `an earlier run crashed: ${dead.error?.message}`);
    if (config.notify !== undefined) await sendNotice(config.notify, dead, { log });
  }
  return found?.earlier ?? [];
}

async function keepEvidence(
  shelf: RunShelf,
  { id, evidence, log }: { readonly id: string; readonly evidence: string; log: Shell["log"] },
): Promise<string | null> {
  const inStore = await attempt(log, "kept", () => shelf.writeBeside(id, EVIDENCE, evidence));
  if (inStore !== undefined) return inStore;
  const file = path.join(tmpdir(), `forklift-${id}.${EVIDENCE}`);
  const written = await attempt(log, "kept", async () => {
    await writeFile(file, evidence, { mode: 0o600 });
    return file;
  });
  return written ?? null;
}

/** A run does not end otherwise because nobody could write down how it went. */
async function attempt<Result>(
  log: Shell["log"],
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
    hint: error instanceof ForkliftError ? (error.hint ?? null) : null,
  };
  return redact(entry, secrets) as typeof entry;
}

function verificationOf({ stage, skipped, rowCount }: StageReport): RunRecord["verification"] {
  if (stage !== verifyTarget.id) return null;
  return { ok: true, comparisons: skipped === undefined ? rowCount : null };
}

/** How many faults of the source an audit counted; null when it is something else that went wrong. */
function faultsIn(error: unknown): number | null {
  const details = error instanceof ForkliftError ? error.details : undefined;
  const count = (details as { readonly stoppingCount?: unknown } | undefined)?.stoppingCount;
  return typeof count === "number" ? count : null;
}
