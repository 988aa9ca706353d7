// The context of `follow`: what stays open from cycle to cycle, and the sessions and block sources of one
// cycle, which are opened anew for each: servers restart, and a source of blocks comes back.

import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { History, StateHash } from "@forklift/chain";
import type { RunEnvironment } from "@forklift/console";
import type { Context } from "@forklift/context";
import {
  boundedLoad,
  LeftOutNames,
  type LoadLimits,
  type MigratorContext,
  outputForm,
} from "@forklift/migrator";
import { loadGenesisLedger, type Network, withLedgerHashExceptions } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import { requireOrigins } from "@forklift/precomputed";
import type { ReplayerContext } from "@forklift/replayer";
import type { SetInput } from "@forklift/sets";
import { openStore, removeUnfinished } from "@forklift/storage";
import { defined, MS_PER_MINUTE } from "@forklift/system";
import type { VerifierContext } from "@forklift/verifier";
import { walkMarksIn } from "../work/walk-marks.ts";
import { storeOf } from "../work/work-folder.ts";
import { groundsOfJob } from "./configured-grounds.ts";
import {
  blocksUrls,
  genesisLedgerUrl,
  networkOfConfig,
  requireTwoDatabases,
} from "./configured-inputs.ts";
import type { FollowConfig } from "./follow-config.ts";
import { BLOCKS_PER_LEDGER_HASH, type JobContext } from "./job-context.ts";
import { keyOfFollow } from "./job-key.ts";
import { type JobWork, openWorkOf } from "./job-work.ts";
import { settingsInput } from "./settings-input.ts";

/** How a cycle spares the source. */
export interface SourceLimits extends Omit<LoadLimits, "signal"> {
  /**
   * Of one statement. The default is longer than any of ours takes on a whole archive, and short enough that one
   * which hangs does not keep a living archive from cleaning up behind itself for ever.
   */
  readonly statementTimeoutMs: number;
}

/** What an operator raises the limit on a statement with. */
const STATEMENT_TIMEOUT_KEY = "follow.statementTimeoutSeconds or --statement-timeout";

/** What a cycle works on. */
export interface FollowContext
  extends MigratorContext,
    Omit<ReplayerContext, "genesisLedger">,
    Pick<VerifierContext, "genesisLedger">,
    Pick<JobContext, "grounds" | "targetUrl" | "workPath" | "walkMarks" | "verified"> {
  /** Null where every row comes from block files, as are the sessions on it. */
  readonly sourceUrl: string | null;
  /** A second session on the target, which can only read. */
  readonly targetReader: Session;
  readonly history: History;
  /** The second session on the source, which sees the same picture: `source` copies, this one compares. */
  readonly checks: Session | null;
  readonly trustedStateHash: StateHash | null;
  /** Between two reads of the source, whichever session they are on. */
  readonly pauseSource: () => Promise<void>;
}

/** What outlives a cycle. */
export interface Followed {
  readonly config: FollowConfig;
  readonly network: Network;
  readonly settings: SetInput;
  readonly work: JobWork;
  /** Of all cycles. */
  readonly shared: Pick<
    FollowContext,
    | "network"
    | "genesisLedger"
    | "form"
    | "checkpoints"
    | "workPath"
    | "walkMarks"
    | "verified"
    | "sourceUrl"
    | "targetUrl"
  >;
  readonly blocks: readonly string[];
}

/**
 * Opens no database.
 * @throws ConfigError when the configuration lacks something; TryAgainError when another process follows.
 */
export async function openFollowed(
  { keep, warn }: Context,
  config: FollowConfig,
  environment: RunEnvironment,
): Promise<Followed> {
  const sourceUrl = config.source.database;
  const targetUrl = config.target.database;
  requireTwoDatabases({
    source: { database: sourceUrl ?? undefined, blocks: sourceUrl === null },
    target: { store: "", database: targetUrl },
  });
  const network = withLedgerHashExceptions(
    await networkOfConfig(config),
    config.replay.ledgerHashExceptions,
  );
  const blocks = blocksUrls(config, network, warn);
  const genesisLedger = await loadGenesisLedger(network, genesisLedgerUrl(config, network));
  const form = await outputForm(config.official, network);
  const settings = settingsInput(config, network);
  const work = keep(
    await openWorkOf(keyOfFollow(config, { network, settings }), config, environment),
  );
  const workPath = path.join(work.path, "files");
  // Files of a run that was killed are half written; what it has committed lies elsewhere.
  await rm(workPath, { recursive: true, force: true });
  await mkdir(workPath, { recursive: true });
  const checkpoints = openStore(pathToFileURL(`${work.path}/checkpoints/`).href);
  // One that was killed while it wrote a checkpoint leaves the half of it.
  await removeUnfinished(checkpoints, `${network.name}-checkpoint-`);
  const walkMarks = walkMarksIn(storeOf(work.path), warn);
  const verified = { versions: null };
  const shared = {
    network,
    genesisLedger,
    form,
    checkpoints,
    workPath,
    walkMarks,
    verified,
    sourceUrl,
    targetUrl,
  };
  return { config, network, settings, work, shared, blocks };
}

/** @throws ConfigError, TryAgainError when something of it cannot be had. */
export async function openFollowContext(
  opened: Context,
  { config, network, shared, blocks }: Followed,
  {
    limits,
    signal,
    now,
  }: {
    readonly limits: SourceLimits;
    readonly signal: AbortSignal;
    readonly now: () => number;
  },
): Promise<FollowContext> {
  const { warn, inform } = opened;
  const { history, requireOrphans, heal: heals, replay, verify } = config;
  const { statementTimeoutMs: ms } = limits;
  const spared = { statementTimeout: { ms, raisedBy: STATEMENT_TIMEOUT_KEY } };
  const { sourceUrl } = shared;
  const source = sourceUrl === null ? null : await opened.source(sourceUrl, spared);
  const checks = sourceUrl === null ? null : await opened.source(sourceUrl, spared);
  const target = await opened.newTarget(shared.targetUrl);
  const targetReader = await opened.reader(shared.targetUrl);
  const threads = replay.threads ?? availableParallelism();
  const load = boundedLoad({ ...limits, signal });
  const sources = await opened.blocks({
    ...{ urls: blocks, network: network.name, threads },
    ...defined({ cache: config.cache }),
  });
  const grounds = groundsOfJob(config, "follow");
  requireOrigins(sources, grounds, { hasArchive: source !== null });
  return {
    ...shared,
    ...{ source, checks, target, targetReader },
    load,
    pauseSource: () => load.pause(),
    stop: { forkStateHash: null, stopAtHeight: null },
    trustedStateHash: config.trustedStateHash ?? null,
    ...{ blocks: sources, grounds },
    balances: replay.compareBalances ? checks : null,
    history,
    requireOrphans,
    heals,
    leftOutNames: new LeftOutNames(),
    comparesCreationFees: verify.compareCreationFees,
    threads,
    checkpointUrl: null,
    blocksPerLedgerHash: BLOCKS_PER_LEDGER_HASH,
    checkpointIntervalBlocks: BigInt(replay.checkpointIntervalBlocks),
    checkpointIntervalMs: replay.checkpointIntervalMinutes * MS_PER_MINUTE,
    ...{ now, signal, warn, inform },
  };
}
