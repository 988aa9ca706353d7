// What a job has in hand before it opens a database: the network, the store with the lease and its sets, and
// the dump that it would start from. Enough to tell a night without news.

import type { StopPoint } from "@forklift/archive";
import type { RunEnvironment } from "@forklift/console";
import type { Context } from "@forklift/context";
import {
  type ForkPoint,
  findForkPoint,
  type Network,
  withLedgerHashExceptions,
} from "@forklift/network";
import type { BlockSources } from "@forklift/precomputed";
import {
  acquireLease,
  chooseDump,
  type DumpChoice,
  type JobName,
  type Lease,
  type NamedDump,
  type PassedOverDump,
  type PublishedSet,
  type PublishedSets,
  publishedSets,
  type RunRecord,
  removeKilledUploads,
  resumePublication,
  runHistory,
  type SetInput,
} from "@forklift/sets";
import { type Digest, openStore, type Store } from "@forklift/storage";
import { defined, MS_PER_MINUTE } from "@forklift/system";
import type { Config } from "../config/schema.ts";
import {
  blocksUrls,
  genesisLedgerUrl,
  networkOfConfig,
  sourceDumpsUrl,
} from "./configured-inputs.ts";
import { settingsInput } from "./settings-input.ts";
import { stopPointOfJob } from "./stop-point.ts";

export interface JobOptions {
  readonly job: JobName;
  readonly stop: StopPoint;
  /** Publish nothing; the report is all that remains. */
  readonly isDryRun: boolean;
  /** Prime a store that holds a set already. */
  readonly isReplacing: boolean;
  /** Take the newest dump even if tonight's has not come. */
  readonly allowsOlderDump?: boolean;
  /** The slot of the last pre-fork block since genesis, where the operator says it. */
  readonly forkSlot?: bigint;
}

export interface JobInputs extends JobOptions {
  readonly network: Network;
  /** The last block before the fork, as the configuration of the fork names it; null without one. */
  readonly forkPoint: ForkPoint | null;
  /** Blocks that must stand above a last one that nobody has named. */
  readonly minConfirmations: number;
  /** The id of the run's record. */
  readonly runId: string;
  /** Whether there is no archive, and every row comes from block files. */
  readonly isFromBlocks: boolean;
  /** The newest dump of the old archive; null when the source is a live database, or block files. */
  sourceDump: SourceDump | null;
  /** Whether an older one will do where the newest has not come, or is cut off or damaged. */
  readonly isOlderDumpAllowed: boolean;
  /** Dumps that were newer than the one that is used; stages add to it. */
  readonly dumpsPassedOver: PassedOverDump[];
  /** What decides a set besides the dump. */
  readonly settings: SetInput;
  /** Where sets are published and found. */
  readonly store: Store;
  /** Those of the store, as this run finds them. */
  readonly sets: PublishedSets;
  /** Without it nothing may be published; null for a dry run. */
  readonly lease: Lease | null;
  /** The set whose publication an earlier run has left unfinished, and this run has completed. */
  readonly resumed: PublishedSet | null;
  /** The records of the last runs, the newest first. */
  readonly runs: () => Promise<readonly RunRecord[]>;
  /** The operator's own target; null where the job makes one for itself. */
  readonly givenTargetUrl: string | null;
  /** What only a run with news reads: named by the configuration all the same. */
  readonly places: { readonly genesisLedger: string; readonly blocks: readonly string[] };
  /** Precomputed blocks; opened by whoever needs them first. */
  readonly openBlocks: () => Promise<BlockSources>;
  readonly date: () => Date;
}

/** A dump and the store that it lies in. */
export interface SourceDump extends NamedDump {
  readonly store: Store;
  /** Of the bytes that were restored; missing before. */
  readonly digest?: Digest;
}

/** A month of nights, and the prime before it. */
const RUNS_LOOKED_AT = 30;

export interface JobRun {
  readonly config: Config;
  readonly options: JobOptions;
  readonly runId: string;
}

/**
 * Takes the lease, and completes a publication that an earlier run has left unfinished.
 * @throws ConfigError, TryAgainError when something of it cannot be had.
 */
export async function openJobInputs(
  opened: Context,
  { config, options, runId }: JobRun,
  environment: RunEnvironment,
): Promise<JobInputs> {
  const { warn, keep } = opened;
  const network = withLedgerHashExceptions(
    await networkOfConfig(config),
    config.replay.ledgerHashExceptions,
  );
  const forkPoint = await forkPointOf(config, options);
  const stop = stopPointOfJob(options, network, forkPoint);
  const store = openStore(config.target.store);
  const lease = await leaseOf(store, network, options, environment);
  // Kept first, so that it is given back last.
  if (lease !== null) keep(lease);
  const sets = publishedSets(store, network.name, warn);
  const resumed =
    lease === null ? null : await resumeWith(lease, { store, network, sets }, environment);
  const dumpsPassedOver: PassedOverDump[] = [];
  const passOver = (dump: PassedOverDump) => {
    warn(`passed over the dump ${dump.name}: ${dump.reason}`);
    dumpsPassedOver.push(dump);
  };
  const sourceDump = await findSourceDump(config, network, options, { ...environment, passOver });
  const places = {
    genesisLedger: genesisLedgerUrl(config, network),
    blocks: blocksUrls(config, network, warn),
  };
  let blocks: Promise<BlockSources> | undefined;
  const openBlocks = () => {
    const { cache } = config;
    const sources = { urls: places.blocks, network: network.name, ...defined({ cache }) };
    blocks ??= opened.blocks(sources);
    return blocks;
  };
  return {
    ...options,
    stop,
    network,
    forkPoint,
    minConfirmations: config.final.minConfirmations ?? network.final.minConfirmations,
    runId,
    isFromBlocks: config.source.blocks,
    sourceDump,
    isOlderDumpAllowed: allowsOlder(config, options),
    dumpsPassedOver,
    settings: settingsInput(config, network),
    store,
    sets,
    lease,
    resumed,
    runs: () => runHistory(store, network.name, warn).newest(RUNS_LOOKED_AT),
    // What a dry run makes of a stop point is not to stay.
    givenTargetUrl: options.isDryRun ? null : (config.target.database ?? null),
    places,
    openBlocks,
    date: environment.date,
  };
}

/** Only final ends in the block that the configuration forks from. */
export async function forkPointOf(
  { forkGenesisConfig }: Config,
  { job }: JobOptions,
): Promise<ForkPoint | null> {
  if (job !== "final" || forkGenesisConfig === undefined) return null;
  return await findForkPoint(forkGenesisConfig);
}

async function leaseOf(
  store: Store,
  network: Network,
  { job, isDryRun }: JobOptions,
  { date, log, signal }: RunEnvironment,
): Promise<Lease | null> {
  if (isDryRun) return null;
  const warn = (message: string) => log.warn(message);
  // Kubernetes starts a job anew within seconds of its death, and gives up after a few times.
  const wait = { signal };
  return await acquireLease({ store, network: network.name, work: job, date, warn, wait });
}

/** Before a set is chosen: what is replaced must not be continued. */
async function resumeWith(
  lease: Lease,
  { store, network, sets }: { store: Store; network: Network; sets: PublishedSets },
  { date, log }: RunEnvironment,
): Promise<PublishedSet | null> {
  const confirm = () => lease.confirm();
  const left = await removeKilledUploads(store, network.name);
  if (left.length > 0) {
    const bytes = Number(left.reduce((sum, object) => sum + object.bytes, 0n));
    log.warn({ objects: left.length, bytes }, "removed unfinished files of runs that were killed");
  }
  const resumed = await resumePublication({ store, network: network.name, sets, date, confirm });
  if (resumed !== null) {
    log.warn(
      { set: resumed.name },
      "completed the publication of a set that an earlier run left unfinished",
    );
  }
  return resumed;
}

function allowsOlder({ schedule }: Config, { allowsOlderDump = false }: JobOptions): boolean {
  return allowsOlderDump || schedule?.allowOlderDump === true;
}

async function findSourceDump(
  config: Config,
  network: Network,
  options: JobOptions,
  { log, signal, date, now, passOver }: RunEnvironment & Required<Pick<DumpChoice, "passOver">>,
): Promise<SourceDump | null> {
  const url = sourceDumpsUrl(config, network);
  if (url === null) return null;
  const store = openStore(url);
  const { waitForDumpMinutes } = config.schedule ?? {};
  const isWaiting = options.job === "daily" && waitForDumpMinutes !== undefined;
  const dump = await chooseDump(store, network.dumps.prefix, {
    wait: isWaiting
      ? {
          limitMs: waitForDumpMinutes * MS_PER_MINUTE,
          isOlderAllowed: allowsOlder(config, options),
        }
      : null,
    date,
    now,
    signal,
    log,
    passOver,
  });
  return { ...dump, store };
}
