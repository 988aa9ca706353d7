// Runs a job: builds its context, runs its recipe, and reports the result.

import { existsSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readPublishedTip } from "@forklift/archive";
import { type BlockRef, jsonNumber } from "@forklift/chain";
import { openContext, runInTarget, runWithoutTarget } from "@forklift/context";
import type { Network } from "@forklift/network";
import { addDetails, firstError, type StageReport, stoppable } from "@forklift/pipeline";
import type { SourceStatistics } from "@forklift/precomputed";
import { type JobName, manifestName, type PassedOverDump, type PublishedSet } from "@forklift/sets";
import { defined } from "@forklift/system";
import type { Answer } from "@forklift/verifier";
import type { CandidateReport } from "../candidate-checks.ts";
import type { Config } from "../config/schema.ts";
import {
  networkOfConfig,
  publishingStoreUrl,
  requireArchiveFor,
  requireSettledSource,
  requireTwoDatabases,
} from "../context/configured-inputs.ts";
import { type JobContext, openJobContext } from "../context/job-context.ts";
import { type JobInputs, type JobOptions, openJobInputs } from "../context/job-inputs.ts";
import { finishWork, leaveWork } from "../context/job-work.ts";
import { runAgain } from "../context/run-again.ts";
import { stopPointOfJob } from "../context/stop-point.ts";
import type { JobEnvironment } from "../observe/job-environment.ts";
import { type RunWatch, tellOfFalseStart, watchRun } from "../observe/run-recorder.ts";
import { composeManifest } from "../stages/compose-manifest.ts";
import { composeHandOver, handOverText } from "../stages/hand-over.ts";
import { requireHistoryOfStore } from "../stages/held-history.ts";
import { endOfFilesOf, lookForNews } from "../stages/look-for-news.ts";
import { findOwnSet } from "../stages/own-set.ts";
import { publishSet } from "../stages/publish-set.ts";
import { type ReportDocument, readReport, reportPath } from "../stages/verification-report.ts";
import { verifyTarget } from "../stages/verify-target.ts";
import { daily } from "./recipes/daily.ts";
import { final } from "./recipes/final.ts";
import { publication } from "./recipes/follow.ts";
import { prime, restOfPrime } from "./recipes/prime.ts";
import type { Recipe, RecipeChoice } from "./recipes/recipe.ts";

export const RECIPES: Readonly<Record<JobName, (choice: RecipeChoice) => Recipe>> = {
  prime,
  daily,
  final,
  follow: publication,
};

/** What a job did, as plain data: `--json` prints exactly this. */
export interface JobOutcome {
  readonly job: JobName;
  readonly height: number;
  readonly stateHash: string;
  /** The manifest of the set that now stands for the tip; null after a dry run. */
  readonly set: string | null;
  /** False when the store already held that set. */
  readonly published: boolean;
  /** Whether the target is the history of its chain, and what of it is not proven; null when it was not asked. */
  readonly verified: (Answer & Pick<ReportDocument, "resumedAbove">) | null;
  /** What is said of the block in which a final ends; null for other jobs. */
  readonly candidate: CandidateReport | null;
  /** Where a dry run left its report. */
  readonly report: string | null;
  /** Where one of final left its hand-over, for programs and for people. */
  readonly handOver: readonly string[];
  /** Newer dumps than the one that was used, and why. */
  readonly dumpsPassedOver: readonly PassedOverDump[];
  readonly stages: readonly StageReport[];
  /** What each source of precomputed blocks gave and did not give, to all stages together. */
  readonly blockSources: readonly SourceStatistics[];
}

/** Runs a job, keeps its record, and sends the notice of its failure. */
export async function runJob(
  config: Config,
  given: JobOptions,
  environment: JobEnvironment,
): Promise<JobOutcome> {
  const { watch, options } = await startWatch(config, given, environment);
  try {
    const outcome = await stoppable(runAgain(config, options.isDryRun), environment.signal, () =>
      run(config, options, watch),
    );
    await watch.succeeded(outcome);
    return outcome;
  } catch (error) {
    const first = firstError(error);
    await watch.failed(first);
    throw first;
  }
}

async function startWatch(
  config: Config,
  given: JobOptions,
  environment: JobEnvironment,
): Promise<{ readonly watch: RunWatch; readonly options: JobOptions }> {
  try {
    requireTwoDatabases(config);
    requireArchiveFor(config);
    requireSettledSource(config, given.job);
    if (!given.isDryRun) publishingStoreUrl(config);
    const network = await networkOfConfig(config);
    const options = stoppedByOptions(config, given, network);
    return {
      options,
      watch: await watchRun({
        config,
        options,
        network: network.name,
        verifyStage: verifyTarget.id,
        environment,
      }),
    };
  } catch (error) {
    await tellOfFalseStart({ config, options: given, environment }, error);
    throw error;
  }
}

/** Where a configuration of the fork may name the end, it is read with the other inputs. */
function stoppedByOptions(
  { forkGenesisConfig }: Config,
  given: JobOptions,
  network: Network,
): JobOptions {
  if (forkGenesisConfig !== undefined) return given;
  return { ...given, stop: stopPointOfJob(given, network, null) };
}

async function run(config: Config, options: JobOptions, watch: RunWatch): Promise<JobOutcome> {
  const { environment } = watch;
  await using opened = openContext(environment);
  const inputs = await openJobInputs(opened, { config, options, runId: watch.id }, environment);
  await requireHistoryOfStore(inputs, config.history);
  const set = options.job === "daily" ? await inputs.sets.newest() : null;
  const { requireOrphans } = config;
  const looking = { ...inputs, ...endOfFilesOf(inputs), requireOrphans };
  const looked =
    set === null ? [] : await runWithoutTarget([lookForNews], { ...looking, set }, environment);
  if (set !== null && wasSkipped(looked, lookForNews.id)) {
    watch.stands(inputs, set);
    return standingOutcome(inputs, set, looked);
  }
  const context = await openJobContext(opened, config, inputs, environment);
  environment.monitor?.ready();
  try {
    const { stages, ...made } = await runRecipe(context, environment);
    await watch.look(context, null);
    await finishWork(context.work, config, environment);
    return { ...made, stages: [...looked, ...stages] };
  } catch (error) {
    addDetails(error, { blockSources: context.blocks.statistics() });
    await watch.look(context, error);
    await leaveWork(context.work, context, inputs);
    throw error;
  }
}

/** Of a night without news: nothing was restored, and the set has the answer of its verification. */
function standingOutcome(
  { job, dumpsPassedOver }: JobInputs,
  { name, manifest: { height, stateHash } }: PublishedSet,
  stages: readonly StageReport[],
): JobOutcome {
  return {
    ...{ job, height, stateHash, set: name, published: false, verified: null },
    ...{ candidate: null, report: null, handOver: [] },
    ...{ dumpsPassedOver, stages, blockSources: [] },
  };
}

/** Of an opened job: its stages, and what they came to. */
export async function runRecipe(
  context: JobContext,
  environment: JobEnvironment,
): Promise<JobOutcome> {
  const own = await findOwnSet(context);
  if (own !== null) return await finishOwn(context, own, environment);
  const { stages, ...reports } = await runKeepingReport(
    RECIPES[context.job](context),
    context,
    environment,
  );
  const { height, stateHash } = await readPublishedTip(context.target);
  const published = !wasSkipped(stages, publishSet.id);
  return {
    job: context.job,
    height: jsonNumber(height),
    stateHash,
    set: await standingSet(context, { height, stateHash }, published),
    published,
    verified: await answerOfRun(context, stages),
    candidate: context.candidate.report,
    ...reports,
    dumpsPassedOver: context.dumpsPassedOver,
    stages,
    blockSources: context.blocks.statistics(),
  };
}

/** What stands in the store is not made again: its prime was interrupted after the manifest. */
async function finishOwn(
  context: JobContext,
  { name, manifest: { height, stateHash } }: PublishedSet,
  environment: JobEnvironment,
): Promise<JobOutcome> {
  environment.log.info({ set: name }, "an earlier run of this prime has made the set");
  return {
    ...{ job: context.job, height, stateHash, set: name, published: true, verified: null },
    candidate: null,
    ...(await runKeepingReport(restOfPrime, context, environment)),
    dumpsPassedOver: context.dumpsPassedOver,
    blockSources: context.blocks.statistics(),
  };
}

/** On an idle day the set that stands has it. */
async function answerOfRun(
  context: JobContext,
  stages: readonly StageReport[],
): Promise<JobOutcome["verified"]> {
  if (wasSkipped(stages, verifyTarget.id)) return null;
  const { answer, notProven, resumedAbove } = await readReport(context);
  return { answer, notProven, ...defined({ resumedAbove }) };
}

/** Of a dry run, the report is what it was made for, whatever the answer is. */
async function runKeepingReport(
  recipe: Recipe,
  context: JobContext,
  environment: JobEnvironment,
): Promise<Pick<JobOutcome, "stages" | "report" | "handOver">> {
  try {
    const stages = await runWithLease(recipe, context, environment);
    if (!context.isDryRun) return { stages, report: null, handOver: [] };
    const report = await keepReport(context);
    return { stages, report, handOver: report === null ? [] : await keepHandOver(context) };
  } catch (error) {
    if (context.isDryRun) await tryToKeepReport(context, environment);
    throw error;
  }
}

/** A run that loses its lease stops at its next batch, as after a signal. */
async function runWithLease(
  recipe: Recipe,
  context: JobContext,
  environment: JobEnvironment,
): Promise<StageReport[]> {
  const { lease } = context;
  const signal =
    lease === null ? environment.signal : AbortSignal.any([environment.signal, lease.signal]);
  try {
    return await runInTarget(recipe, context, {
      ...environment,
      signal,
      onStageEnded(report) {
        context.durations.set(report.stage, report.elapsedMs);
        environment.onStageEnded?.(report);
      },
    });
  } catch (error) {
    throw lease?.lost() ?? error;
  }
}

async function standingSet(
  { isDryRun, network, sets }: JobContext,
  tip: BlockRef,
  isPublished: boolean,
): Promise<string | null> {
  if (isDryRun) return null;
  if (isPublished) return manifestName(network.name, tip);
  return (await sets.newest(tip.height))?.name ?? null;
}

function wasSkipped(stages: readonly StageReport[], id: string): boolean {
  return stages.find(({ stage }) => stage === id)?.skipped !== undefined;
}

/** A folder that cannot be written must not hide the answer. */
async function tryToKeepReport(context: JobContext, { log }: JobEnvironment): Promise<void> {
  try {
    const report = await keepReport(context);
    if (report !== null) log.info({ report }, "the report of the dry run is kept");
  } catch (error) {
    log.warn(`the report of the dry run could not be kept: ${(error as Error).message}`);
  }
}

/** The work folder goes with the run. Null when there is no report: the run did not come that far. */
async function keepReport(context: JobContext): Promise<string | null> {
  if (!existsSync(reportPath(context))) return null;
  const report = dryRunName(context, await readPublishedTip(context.target), "report.json");
  await copyFile(reportPath(context), report);
  return path.resolve(report);
}

async function keepHandOver(context: JobContext): Promise<readonly string[]> {
  if (context.job !== "final") return [];
  const tip = await readPublishedTip(context.target);
  const manifest = await composeManifest(context, tip, [], await readReport(context));
  const handOver = await composeHandOver(context, manifest, null);
  const json = path.resolve(dryRunName(context, tip, "hand-over.json"));
  const text = path.resolve(dryRunName(context, tip, "hand-over.txt"));
  await writeFile(json, `${JSON.stringify(handOver, null, 2)}\n`);
  await writeFile(text, handOverText(handOver));
  return [json, text];
}

function dryRunName(
  { network }: JobContext,
  { height, stateHash }: BlockRef,
  file: string,
): string {
  const { name, ext } = path.parse(file);
  return `${network.name}-dry-run-${name}-${height}-${stateHash}${ext}`;
}
