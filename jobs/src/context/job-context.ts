// The context of a job: its inputs, sessions on source and target, the block sources, a work folder. What a job
// makes for itself is gone when it has ended well, and there for the next run when it was interrupted.

import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { History, StateHash } from "@forklift/chain";
import type { RunEnvironment } from "@forklift/console";
import type { Context } from "@forklift/context";
import { LeftOutNames, type MigratorContext, outputForm } from "@forklift/migrator";
import { loadGenesisLedger } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import { type CommandGrounds, requireOrigins } from "@forklift/precomputed";
import type { ReplayerContext } from "@forklift/replayer";
import { maskUrl, openStore, parseStoreUrl } from "@forklift/storage";
import { MS_PER_MINUTE } from "@forklift/system";
import type { TableVersions, VerifierContext } from "@forklift/verifier";
import type { CandidateReport } from "../candidate-checks.ts";
import type { Config } from "../config/schema.ts";
import { type RootedMarks, walkMarksIn } from "../work/walk-marks.ts";
import { storeOf } from "../work/work-folder.ts";
import { groundsOfJob } from "./configured-grounds.ts";
import { warnOfLittleRoom } from "./disk-needed.ts";
import { openDatabases } from "./job-databases.ts";
import type { JobInputs, JobOptions } from "./job-inputs.ts";
import { type JobWork, notedDump, openJobWork } from "./job-work.ts";

/**
 * A job verifies after its replay, which recomputes every block's ledger hash from the written rows. Until then one
 * in so many is enough to end a replay that went wrong; it takes the permutations that blocks share only once.
 */
export const BLOCKS_PER_LEDGER_HASH = 32;

export interface JobContext
  extends JobInputs,
    MigratorContext,
    Omit<ReplayerContext, "genesisLedger">,
    Pick<VerifierContext, "genesisLedger"> {
  /** What the verification asks of commands besides. */
  readonly grounds: CommandGrounds;
  /** A second session on the target, which can only read. */
  readonly targetReader: Session;
  readonly history: History;
  /** Null where every row comes from block files. */
  readonly sourceUrl: string | null;
  readonly targetUrl: string;
  /** What the next run goes on with when this one is interrupted. */
  readonly work: JobWork;
  /** For files of this run. */
  readonly workPath: string;
  readonly trustedStateHash: StateHash | null;
  /** How far the verification has come, for the next run. */
  readonly walkMarks: RootedMarks;
  /** What the verification saw; its stage fills it in. */
  readonly verified: { versions: TableVersions | null };
  /** What is said of the last pre-fork block; the stage of a final run that asks fills it in. */
  readonly candidate: { report: CandidateReport | null };
  /** Milliseconds by stage, of the stages that have ended. */
  readonly durations: Map<string, number>;
}

/** As a manifest names the source: the dump's name, the masked URL of the database, or those of block files. */
export function sourceNameOf({
  sourceDump,
  source,
  places,
}: Pick<JobContext, "sourceDump" | "source" | "places">): string {
  return sourceDump?.name ?? source?.maskedUrl ?? blockFilesOf(places);
}

/** In a sentence. */
export function blockFilesOf({ blocks }: JobInputs["places"]): string {
  return `block files of ${blocks.map((url) => maskUrl(parseStoreUrl(url))).join(", ")}`;
}

/** @throws ConfigError, TryAgainError when something that the job needs cannot be had. */
export async function openJobContext(
  opened: Context,
  config: Config,
  inputs: JobInputs,
  environment: RunEnvironment,
): Promise<JobContext> {
  const { warn, inform } = opened;
  const { network, places } = inputs;
  const genesisLedger = await loadGenesisLedger(network, places.genesisLedger);
  const form = await outputForm(config.official, network);
  const work = opened.keep(await openJobWork(config, inputs, environment));
  const sourceDump = await notedDump(work, inputs);
  await warnOfLittleRoom(work.path, config, { ...inputs, sourceDump }, warn);
  inputs.dumpsPassedOver.push(...work.notes().dumpsPassedOver);
  const workPath = path.join(work.path, "files");
  // Files of a run that was killed are half written; what it has committed lies elsewhere.
  await rm(workPath, { recursive: true, force: true });
  await mkdir(workPath, { recursive: true });
  const databases = await openDatabases(opened, config, inputs.givenTargetUrl, work);
  const blocks = await inputs.openBlocks();
  const grounds = groundsOfJob(config, inputs.job);
  requireOrigins(blocks, grounds, { hasArchive: databases.source !== null });
  return {
    ...inputs,
    sourceDump,
    ...databases,
    genesisLedger,
    form,
    blocks,
    grounds,
    balances: config.replay.compareBalances ? databases.source : null,
    history: config.history,
    requireOrphans: config.requireOrphans,
    heals: config.heal,
    leftOutNames: new LeftOutNames(),
    comparesCreationFees: config.verify.compareCreationFees,
    threads: config.replay.threads ?? availableParallelism(),
    checkpointUrl: null,
    ...forkGenesisOf(config, inputs),
    checkpoints: openStore(pathToFileURL(`${work.path}/checkpoints/`).href),
    checkpointIntervalBlocks: BigInt(config.replay.checkpointIntervalBlocks),
    blocksPerLedgerHash: BLOCKS_PER_LEDGER_HASH,
    checkpointIntervalMs: config.replay.checkpointIntervalMinutes * MS_PER_MINUTE,
    trustedStateHash: config.trustedStateHash ?? null,
    work,
    workPath,
    ...{ now: environment.now, signal: environment.signal },
    walkMarks: walkMarksIn(storeOf(work.path), warn),
    verified: { versions: null },
    candidate: { report: null },
    durations: new Map(),
    warn,
    inform,
  };
}

/** Only final ends in the block that the configuration forks from. */
function forkGenesisOf(
  { forkGenesisConfig }: Config,
  { job }: JobOptions,
): Pick<JobContext, "forkGenesisConfigUrl"> {
  if (job !== "final" || forkGenesisConfig === undefined) return {};
  return { forkGenesisConfigUrl: forkGenesisConfig };
}
