// Builds what a job works on: sessions on source and target, stores, the block sources, a work
// folder. Databases that a job makes for itself are empty when its first stage runs, and are dropped
// with everything else when the world is closed, however the job ended.

import { pathToFileURL } from "node:url";
import type { StopPoint } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import type { MigratorWorld } from "@forklift/migrator";
import { decodePreset, loadGenesisLedger, loadNetwork, type Network } from "@forklift/network";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import {
  createDatabaseIfMissing,
  openScratch,
  startServer,
  sweepScratch,
} from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import type { ReplayerWorld } from "@forklift/replayer";
import { openStore, type Store } from "@forklift/storage";
import type { VerifierWorld } from "@forklift/verifier";
import type { Config } from "./config/schema.ts";
import { outputForm } from "./official-genesis.ts";
import type { Shell } from "./run-context.ts";
import { openReader, openTarget } from "./sessions.ts";
import {
  type NamedDump,
  networksWithDumps,
  newestDump,
  sourceDumpPrefix,
} from "./sets/dump-name.ts";
import { openWorkDirectory } from "./work-directory.ts";

export type JobName = "prime" | "daily" | "final";

export interface JobOptions {
  readonly job: JobName;
  readonly stop: StopPoint;
  /** Publish nothing; the report is all that remains. */
  readonly isDryRun: boolean;
  /** Prime a store that holds a set already. */
  readonly isReplacing: boolean;
}

export interface JobWorld
  extends JobOptions,
    MigratorWorld,
    Omit<ReplayerWorld, "genesisLedger">,
    Omit<VerifierWorld, "provenHeight" | "form"> {
  /** The newest dump of the old archive; null when the source is a live database. */
  readonly sourceDump: SourceDump | null;
  /** Where sets are published and found. */
  readonly store: Store;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly workPath: string;
  readonly trustedStateHash: StateHash | null;
  readonly date: () => Date;
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
  const network = await networkOf(config);
  const sourceDump = await findSourceDump(config, network);
  const genesisLedger = await loadGenesisLedger(network, genesisLedgerUrl(config, network));
  const form = await outputForm(config.official, network);
  await using work = await openWorkDirectory();
  await using databases = await openDatabases(config);
  await using blocks = await openBlockSources({
    urls: config.blocks,
    network: network.name,
    scratchDirectory: work.path,
    ...(config.cache === undefined ? {} : { cache: config.cache }),
  });
  return await use({
    ...options,
    ...databases.world,
    network,
    genesisLedger,
    form,
    blocks,
    sourceDump,
    store: openStore(config.target.store),
    checkpointUrl: null,
    checkpoints: openStore(pathToFileURL(`${work.path}/checkpoints/`).href),
    checkpointIntervalBlocks: BigInt(config.replay.checkpointIntervalBlocks),
    checkpointIntervalMs: config.replay.checkpointIntervalMinutes * MS_PER_MINUTE,
    trustedStateHash: config.trustedStateHash ?? null,
    workPath: work.path,
    now: shell.now,
    date: shell.date,
    durations: new Map(),
    warn: (message) => shell.log.warn(message),
  });
}

async function networkOf({ network }: Config): Promise<Network> {
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

/** @throws SourceDataError when the store holds no dump, ConfigError when only other networks' ones. */
async function findSourceDump({ source }: Config, { name }: Network): Promise<SourceDump | null> {
  if (source.dumps === undefined) return null;
  const store = openStore(source.dumps);
  const prefix = sourceDumpPrefix(name);
  const dump = await newestDump(store, prefix);
  if (dump !== null) return { ...dump, store };
  const message = `${store.url} holds no dump named ${prefix}-{YYYY-MM-DD}_{HHMM}.sql.tar.gz`;
  const hint = "check source.dumps and network in the configuration";
  const others = await networksWithDumps(store);
  if (others.length === 0) throw new SourceDataError(message, { hint });
  throw new ConfigError(`${message}, but dumps of ${others.join(", ")}`, { hint });
}

type Databases = Pick<JobWorld, "source" | "sourceUrl" | "target" | "targetUrl">;

/** Opened in this order, closed in the reverse one: server, scratch databases, sessions. */
async function openDatabases(
  config: Config,
): Promise<AsyncDisposable & { readonly world: Databases }> {
  const opened: AsyncDisposable[] = [];
  const keep = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    opened.push(resource);
    return resource;
  };
  const close = async () => {
    for (const resource of opened.reverse()) await resource[Symbol.asyncDispose]();
  };
  try {
    const serverUrl = needsServer(config) ? await serverUrlOf(config, keep) : null;
    const sourceUrl = config.source.database ?? keep(await openScratch(serverUrl!, "source")).url;
    const targetUrl = config.target.database ?? keep(await openScratch(serverUrl!, "target")).url;
    if (config.target.database !== undefined) await createDatabaseIfMissing(targetUrl);
    const source = keep(await openReader(sourceUrl));
    const target = keep(await openTarget(targetUrl));
    return {
      world: { source, sourceUrl, target, targetUrl },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function needsServer({ source, target }: Config): boolean {
  return source.database === undefined || target.database === undefined;
}

async function serverUrlOf(
  { postgres }: Config,
  keep: <Resource extends AsyncDisposable>(resource: Resource) => Resource,
): Promise<string> {
  if (postgres.url !== undefined) {
    await sweepScratch(postgres.url);
    return postgres.url;
  }
  const binaries = postgres.embedded === true ? "embedded" : "auto";
  return keep(await startServer({ binaries })).url;
}
