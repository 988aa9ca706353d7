// The cutover: what it would do as plain data; the final job on the named target, and the files for those who do
// the rest. The source is only read here as everywhere, so that nothing is renamed by us and nothing is dropped.

import { identifySchema, readTargetTip, requireSchema, selectChain } from "@forklift/archive";
import { type BlockRef, jsonNumber } from "@forklift/chain";
import { openContext } from "@forklift/context";
import { ConfigError } from "@forklift/pipeline";
import {
  databaseExists,
  MAINTENANCE_DATABASE,
  maskUrl,
  type Session,
  urlWithDatabase,
} from "@forklift/postgres";
import { manifestName, publishedSets } from "@forklift/sets";
import { openStore, type Store, textBytes } from "@forklift/storage";
import type { Config } from "../config/schema.ts";
import {
  networkOfConfig,
  publishingStoreUrl,
  requireTwoDatabases,
} from "../context/configured-inputs.ts";
import { forkPointOf, type JobOptions } from "../context/job-inputs.ts";
import { stopPointOfJob } from "../context/stop-point.ts";
import type { JobEnvironment } from "../observe/job-environment.ts";
import {
  composeCutoverFiles,
  type Exchange,
  exchangeOf,
  stepsAfter,
} from "../stages/cutover-files.ts";
import { handOverWarnings } from "../stages/hand-over.ts";
import { renewMark } from "../stages/proven-height.ts";
import { type JobPlan, planJob } from "./plan-job.ts";
import { type JobOutcome, runJob } from "./run-job.ts";

/** What a cutover would do, as plain data: `--json` prints exactly this. */
export interface CutoverPlan extends Pick<JobPlan, "candidate" | "refusedBy" | "window"> {
  readonly network: string;
  /** Masked, as all URLs here. */
  readonly source: string;
  readonly target: string;
  readonly store: string;
  /** Where the files for the operator go. */
  readonly out: string;
  /** The last pre-fork block, as the source has it. */
  readonly end: Block;
  /** Where the target stands; null when it holds no block or is not there yet. */
  readonly targetTip: Block | null;
  /** The newest set of the store; null when it holds none. */
  readonly newestSet: string | null;
  /** Null while the target is not there. */
  readonly exchange: Exchange | null;
  readonly warnings: readonly string[];
  /** What the operator does afterwards; empty while the target is not there. */
  readonly byHand: readonly string[];
}

interface Block {
  readonly height: number;
  readonly stateHash: string;
}

export interface Cutover extends Pick<JobOptions, "stop" | "forkSlot"> {
  /** Path or URL of a folder. */
  readonly out: string;
}

const TRIAL = "cutover-trial.txt";

const FINAL = { job: "final", isDryRun: false, isReplacing: false } as const;

export interface CutoverOutcome {
  readonly final: JobOutcome;
  /** URLs of the files that were written. */
  readonly files: readonly string[];
}

/**
 * Reads only.
 * @throws ConfigError when the configuration does not name two databases; what `selectChain` throws.
 */
export async function planCutover(
  config: Config,
  { out, ...asked }: Cutover,
  environment: JobEnvironment,
): Promise<CutoverPlan> {
  const { sourceUrl, targetUrl } = cutoverDatabases(config);
  const network = await networkOfConfig(config);
  const options = { ...asked, ...FINAL };
  const stop = stopPointOfJob(options, network, await forkPointOf(config, options));
  const store = openStore(publishingStoreUrl(config));
  await using opened = openContext(environment);
  const source = await opened.source(sourceUrl);
  const end = (await selectChain(source, stop, network.name)).tip;
  const { candidate, refusedBy, window } = await planJob(config, options, environment);
  const newest = await publishedSets(store, network.name, opened.warn).newest(end.height);
  const isThere = await databaseExists(targetUrl);
  const server = isThere ? targetUrl : urlWithDatabase(targetUrl, MAINTENANCE_DATABASE);
  const target = await opened.reader(server);
  const databases = { source, sourceUrl, target, targetUrl };
  const exchange = isThere ? await exchangeOf(databases, environment.date()) : null;
  const tip = isThere ? await tipOf(target) : null;
  const block = shown(end);
  return {
    network: network.name,
    source: source.maskedUrl,
    target: maskUrl(targetUrl),
    store: store.url,
    out: openStore(out).url,
    end: block,
    ...{ candidate, refusedBy, window },
    targetTip: tip === null ? null : shown(tip),
    newestSet: newest?.name ?? null,
    exchange,
    warnings: handOverWarnings(block, network),
    byHand: exchange === null ? [] : stepsAfter(databases, exchange),
  };
}

/** @throws ConfigError when the database is neither empty nor a target of ours. */
async function tipOf(target: Session): Promise<BlockRef | null> {
  if ((await identifySchema(target)).kind === "empty") return null;
  await requireSchema(target, { role: "target", era: "berkeley" });
  return await readTargetTip(target);
}

function shown({ height, stateHash }: BlockRef): Block {
  return { height: jsonNumber(height), stateHash };
}

/** The final job on the named target; then the files. A second cutover writes them anew. */
export async function cutOver(
  config: Config,
  { out, ...asked }: Cutover,
  environment: JobEnvironment,
): Promise<CutoverOutcome> {
  const { sourceUrl, targetUrl } = cutoverDatabases(config);
  const folder = openStore(out);
  await requireWritable(folder);
  const final = await runJob(config, { ...asked, ...FINAL }, environment);
  const network = await networkOfConfig(config);
  await using opened = openContext(environment);
  const store = openStore(config.target.store);
  const { height, stateHash } = final;
  const name = manifestName(network.name, { height: BigInt(height), stateHash } as BlockRef);
  const set = await publishedSets(store, network.name, opened.warn).named(name);
  const source = await opened.source(sourceUrl);
  const target = await opened.newTarget(targetUrl);
  await renewMark(target, set!.manifest);
  const composed = await composeCutoverFiles(
    { source, sourceUrl, target, targetUrl },
    { store, manifest: set!.manifest, day: environment.date() },
  );
  const files: string[] = [];
  for (const [file, text] of composed) {
    await folder.write(file, textBytes(text));
    files.push(`${folder.url}/${file}`);
  }
  return { final, files };
}

/** Before hours of work whose result could not be put down. @throws ConfigError, TryAgainError of the store. */
async function requireWritable(folder: Store): Promise<void> {
  await folder.write(TRIAL, textBytes("forklift cutover looks whether it may write here\n"));
  await folder.remove(TRIAL);
}

/** @throws ConfigError unless source and target are two databases that the configuration names. */
function cutoverDatabases(config: Config): {
  readonly sourceUrl: string;
  readonly targetUrl: string;
} {
  requireTwoDatabases(config);
  const { source, target } = config;
  const [sourceUrl, targetUrl] = [source.database, target.database];
  if (sourceUrl !== undefined && targetUrl !== undefined) return { sourceUrl, targetUrl };
  const missing = sourceUrl === undefined ? "source.database" : "target.database";
  throw new ConfigError(
    `the configuration names no ${missing}: a cutover takes the living archive over into a database that stays`,
    {
      hint:
        `set ${missing} in the configuration, in FORKLIFT_${missing.replace(".", "_").toUpperCase()} or by --set; ` +
        "without databases of your own, run forklift final, whose set is restored anywhere",
    },
  );
}
