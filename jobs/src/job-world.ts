// Builds what a job works on: sessions on source and target, stores, the block sources, a work
// folder. Databases that a job makes for itself are empty when its first stage runs, and are dropped
// with everything else when the world is closed, however the job ended.

import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import type { StopPoint } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import type { MigratorWorld } from "@forklift/migrator";
import {
  decodePreset,
  loadGenesisLedger,
  loadNetwork,
  type Network,
  withLedgerHashExceptions,
} from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import { openScratch, startServer, sweepScratch } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import type { ReplayerWorld } from "@forklift/replayer";
import { openStore, type Store } from "@forklift/storage";
import type { TableVersions, VerifierWorld } from "@forklift/verifier";
import type { Config } from "./config/schema.ts";
import { madeDatabase } from "./made-database.ts";
import { outputForm } from "./official-genesis.ts";
import type { Shell } from "./run-context.ts";
import { openReader, openTarget } from "./sessions.ts";
import { chooseDump } from "./sets/choose-dump.ts";
import type { NamedDump } from "./sets/dump-name.ts";
import { acquireLease, type Lease } from "./sets/lease.ts";
import { type PublishedSets, publishedSets } from "./sets/published-sets.ts";
import { openWorkDirectory } from "./work-directory.ts";

export type JobName = "prime" | "daily" | "final";

export interface JobOptions {
  readonly job: JobName;
  readonly stop: StopPoint;
  /** Publish nothing; the report is all that remains. */
  readonly isDryRun: boolean;
  /** Prime a store that holds a set already. */
  readonly isReplacing: boolean;
  /** Take the newest dump even if tonight's has not come. */
  readonly allowsOlderDump?: boolean;
}

export interface JobWorld
  extends JobOptions,
    MigratorWorld,
    Omit<ReplayerWorld, "genesisLedger">,
    Pick<VerifierWorld, "genesisLedger"> {
  /** The newest dump of the old archive; null when the source is a live database. */
  readonly sourceDump: SourceDump | null;
  /** Where sets are published and found. */
  readonly store: Store;
  /** Those of the store, as this run finds them. */
  readonly sets: PublishedSets;
  /** Without it nothing may be published; null for a dry run. */
  readonly lease: Lease | null;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly workPath: string;
  readonly trustedStateHash: StateHash | null;
  readonly date: () => Date;
  /** What the verification saw; its stage fills it in. */
  readonly verified: { versions: TableVersions | null };
  /** Milliseconds by stage, of the stages that have ended. */
  readonly durations: Map<string, number>;
}

/** A dump and the store that it lies in. */
export interface SourceDump extends NamedDump {
  readonly store: Store;
}

const MS_PER_MINUTE = 60_000;

/** @throws ConfigError, TryAgainError when something that the job needs cannot be had. */
export async function withJobWorld<Result>(
  config: Config,
  options: JobOptions,
  shell: Shell,
  use: (world: JobWorld) => Promise<Result>,
): Promise<Result> {
  const network = withLedgerHashExceptions(
    await networkOfConfig(config),
    config.replay.ledgerHashExceptions,
  );
  const store = openStore(config.target.store);
  const warn = (message: string) => shell.log.warn(message);
  await using lease = await leaseOf(store, network, options, shell);
  const sourceDump = await findSourceDump(config, network, options, shell);
  const genesisLedger = await loadGenesisLedger(network, genesisLedgerUrl(config, network));
  const form = await outputForm(config.official, network);
  await using work = await openWorkDirectory();
  await using databases = await openDatabases(
    // What a dry run makes of a stop point is not to stay.
    options.isDryRun ? { ...config, target: { ...config.target, database: undefined } } : config,
    warn,
  );
  await using blocks = await openBlockSources({
    urls: blocksUrls(config, network, warn),
    network: network.name,
    scratchDirectory: work.path,
    ...(config.cache === undefined ? {} : { cache: config.cache }),
    warn,
  });
  return await use({
    ...options,
    ...databases.world,
    network,
    genesisLedger,
    form,
    blocks,
    sourceDump,
    store,
    sets: publishedSets(store, network.name, warn),
    lease,
    balances: config.replay.compareBalances ? databases.world.source : null,
    threads: config.replay.threads ?? availableParallelism(),
    checkpointUrl: null,
    ...forkGenesisOf(config, options),
    checkpoints: openStore(pathToFileURL(`${work.path}/checkpoints/`).href),
    checkpointIntervalBlocks: BigInt(config.replay.checkpointIntervalBlocks),
    checkpointIntervalMs: config.replay.checkpointIntervalMinutes * MS_PER_MINUTE,
    trustedStateHash: config.trustedStateHash ?? null,
    workPath: work.path,
    now: shell.now,
    date: shell.date,
    verified: { versions: null },
    durations: new Map(),
    warn,
    inform: (message) => shell.log.info(message),
  });
}

/** Only final ends in the block that the configuration forks from. */
function forkGenesisOf(
  { forkGenesisConfig }: Config,
  { job }: JobOptions,
): Pick<JobWorld, "forkGenesisConfigUrl"> {
  if (job !== "final" || forkGenesisConfig === undefined) return {};
  return { forkGenesisConfigUrl: forkGenesisConfig };
}

/** @throws ConfigError when there is no such preset, or it is not complete. */
export async function networkOfConfig({ network }: Pick<Config, "network">): Promise<Network> {
  return typeof network === "string"
    ? await loadNetwork(network)
    : decodePreset(network, "the network of the configuration");
}

function genesisLedgerUrl(config: Config, network: Network): string {
  const url = config.genesisLedger ?? network.genesis.ledgerUrl;
  if (url !== null) return url;
  throw new ConfigError(`the preset of ${network.name} names no genesis ledger`, {
    hint: "set genesisLedger in the configuration",
  });
}

/** Those of the configuration; else the network's own, with a word about what is wrong there. */
function blocksUrls(
  { blocks }: Config,
  network: Network,
  warn: (message: string) => void,
): readonly string[] {
  if (blocks !== undefined) return blocks;
  const { url, faults } = network.blocks;
  if (url !== null) {
    for (const { first, last, reason, instead } of faults) {
      const advice = instead === null ? "" : `; instead: ${instead}`;
      warn(`${url}: blocks ${first} to ${last} are known to be wrong: ${reason}${advice}`);
    }
    return [url];
  }
  throw new ConfigError(`the preset of ${network.name} names no place of precomputed blocks`, {
    hint: "set blocks in the configuration",
  });
}

async function leaseOf(
  store: Store,
  network: Network,
  { job, isDryRun }: JobOptions,
  { date, log, signal }: Shell,
): Promise<Lease | null> {
  if (isDryRun) return null;
  const warn = (message: string) => log.warn(message);
  // Kubernetes starts a job anew within seconds of its death, and gives up after a few times.
  const wait = { signal };
  return await acquireLease({ store, network: network.name, work: job, date, warn, wait });
}

async function findSourceDump(
  config: Config,
  network: Network,
  { job, allowsOlderDump = false }: JobOptions,
  { log, signal, date, now }: Shell,
): Promise<SourceDump | null> {
  const url = sourceDumpsUrl(config, network);
  if (url === null) return null;
  const store = openStore(url);
  const { waitForDumpMinutes, allowOlderDump = false } = config.schedule ?? {};
  const isWaiting = job === "daily" && waitForDumpMinutes !== undefined;
  const dump = await chooseDump(store, network.dumps.prefix, {
    wait: isWaiting
      ? {
          limitMs: waitForDumpMinutes * MS_PER_MINUTE,
          isOlderAllowed: allowsOlderDump || allowOlderDump,
        }
      : null,
    date,
    now,
    signal,
    log,
  });
  return { ...dump, store };
}

/** Null when the source is a live database. */
function sourceDumpsUrl({ source }: Config, network: Network): string | null {
  if (source.database !== undefined) return null;
  const url = source.dumps ?? network.dumps.url;
  if (url !== null) return url;
  throw new ConfigError(`the preset of ${network.name} names no store of dumps`, {
    hint: "set source.dumps or source.database in the configuration",
  });
}

interface ConfiguredDatabases {
  readonly source: { readonly database?: string | undefined };
  readonly target: { readonly database?: string | undefined };
  readonly postgres: Config["postgres"];
}

type Databases = Pick<JobWorld, "source" | "sourceUrl" | "target" | "targetReader" | "targetUrl">;

/** Opened in this order, closed in the reverse one: server, scratch databases, sessions. */
async function openDatabases(
  config: ConfiguredDatabases,
  warn: (message: string) => void,
): Promise<AsyncDisposable & { readonly world: Databases }> {
  const opened: AsyncDisposable[] = [];
  const keep = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    opened.push(resource);
    return resource;
  };
  const close = async () => {
    for (const resource of opened.reverse()) {
      // A server that went away takes its databases with it, or the next run's sweep does: what the
      // run came to does not depend on it.
      try {
        await resource[Symbol.asyncDispose]();
      } catch (error) {
        warn(`could not clean up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  try {
    const serverUrl = needsServer(config) ? await serverUrlOf(config, keep) : null;
    const sourceUrl = config.source.database ?? keep(await openScratch(serverUrl!, "source")).url;
    const targetUrl = config.target.database ?? keep(await openScratch(serverUrl!, "target")).url;
    if (config.target.database !== undefined) keep(await madeDatabase(targetUrl));
    const source = keep(await openReader(sourceUrl));
    const target = keep(await openTarget(targetUrl));
    const targetReader = keep(await openReader(targetUrl));
    return {
      world: { source, sourceUrl, target, targetReader, targetUrl },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function needsServer({ source, target }: ConfiguredDatabases): boolean {
  return source.database === undefined || target.database === undefined;
}

async function serverUrlOf(
  { postgres }: ConfiguredDatabases,
  keep: <Resource extends AsyncDisposable>(resource: Resource) => Resource,
): Promise<string> {
  if (postgres.url !== undefined) {
    await sweepScratch(postgres.url);
    return postgres.url;
  }
  const binaries = postgres.embedded === true ? "embedded" : "auto";
  return keep(await startServer({ binaries })).url;
}
