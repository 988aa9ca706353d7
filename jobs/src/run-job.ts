// Runs a job: builds its world, runs its recipe, and tells what came of it.

import { existsSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type BlockRef, jsonNumber } from "@forklift/chain";
import { addDetails, firstError, type StageReport } from "@forklift/pipeline";
import type { SourceStatistics } from "@forklift/precomputed";
import type { Config } from "./config/schema.ts";
import { stopPointOfJob } from "./final-stop-point.ts";
import {
  type JobName,
  type JobOptions,
  type JobWorld,
  networkOfConfig,
  withJobWorld,
} from "./job-world.ts";
import { daily } from "./recipes/daily.ts";
import { final } from "./recipes/final.ts";
import { prime } from "./recipes/prime.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { runInTarget, type Shell } from "./run-context.ts";
import { type RunWatch, tellOfFalseStart, watchRun } from "./run-record/watch-run.ts";
import { composeManifest, readPublishedTip } from "./sets/compose-manifest.ts";
import { composeHandOver, handOverText } from "./sets/hand-over.ts";
import { manifestName } from "./sets/manifest.ts";
import { publishSet } from "./stages/publish-set.ts";
import { readReport, reportPath } from "./verification-report.ts";

const RECIPES: Readonly<Record<JobName, Recipe>> = { prime, daily, final };

/** What a job did, as plain data: `--json` prints exactly this. */
export interface JobOutcome {
  readonly job: JobName;
  readonly height: number;
  readonly stateHash: string;
  /** The manifest of the set that now stands for the tip; null after a dry run. */
  readonly set: string | null;
  /** False when the store already held that set. */
  readonly published: boolean;
  /** Where a dry run left its report. */
  readonly report: string | null;
  /** Where one of final left its hand-over, for programs and for people. */
  readonly handOver: readonly string[];
  readonly stages: readonly StageReport[];
  /** What each place of precomputed blocks gave and did not give, to all stages together. */
  readonly blockSources: readonly SourceStatistics[];
}

/** Runs a job, keeps its record, and tells of its failure. */
export async function runJob(config: Config, given: JobOptions, shell: Shell): Promise<JobOutcome> {
  const { watch, options } = await startWatch(config, given, shell);
  try {
    const outcome = await withJobWorld(config, options, watch.shell, async (world) => {
      shell.monitor?.ready();
      try {
        const made = await runRecipe(world, watch.shell);
        await watch.look(world, null);
        return made;
      } catch (error) {
        addDetails(error, { blockSources: world.blocks.statistics() });
        await watch.look(world, error);
        throw error;
      }
    });
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
  shell: Shell,
): Promise<{ readonly watch: RunWatch; readonly options: JobOptions }> {
  try {
    const network = await networkOfConfig(config);
    const options = { ...given, stop: stopPointOfJob(given, network) };
    return { options, watch: await watchRun({ config, options, network: network.name, shell }) };
  } catch (error) {
    await tellOfFalseStart({ config, options: given, shell }, error);
    throw error;
  }
}

async function runRecipe(world: JobWorld, shell: Shell): Promise<JobOutcome> {
  const { stages, ...reports } = await runKeepingReport(world, shell);
  const { height, stateHash } = await readPublishedTip(world.target);
  const published = !wasSkipped(stages, publishSet.id);
  return {
    job: world.job,
    height: jsonNumber(height),
    stateHash,
    set: await standingSet(world, { height, stateHash }, published),
    published,
    ...reports,
    stages,
    blockSources: world.blocks.statistics(),
  };
}

/** Of a dry run, the report is what it was made for, whatever the answer is. */
async function runKeepingReport(
  world: JobWorld,
  shell: Shell,
): Promise<Pick<JobOutcome, "stages" | "report" | "handOver">> {
  try {
    const stages = await runWithLease(world, shell);
    if (!world.isDryRun) return { stages, report: null, handOver: [] };
    const report = await keepReport(world);
    return { stages, report, handOver: report === null ? [] : await keepHandOver(world) };
  } catch (error) {
    if (world.isDryRun) await tryToKeepReport(world, shell);
    throw error;
  }
}

/** A run that loses its lease stops at its next batch, as if a signal had asked it to. */
async function runWithLease(world: JobWorld, shell: Shell): Promise<StageReport[]> {
  const { lease } = world;
  const signal = lease === null ? shell.signal : AbortSignal.any([shell.signal, lease.signal]);
  try {
    return await runInTarget(RECIPES[world.job], world, {
      ...shell,
      signal,
      onStageEnded(report) {
        world.durations.set(report.stage, report.elapsedMs);
        shell.onStageEnded?.(report);
      },
    });
  } catch (error) {
    throw lease?.lost() ?? error;
  }
}

async function standingSet(
  { isDryRun, network, sets }: JobWorld,
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
async function tryToKeepReport(world: JobWorld, { log }: Shell): Promise<void> {
  try {
    const report = await keepReport(world);
    if (report !== null) log.info({ report }, "the report of the dry run is kept");
  } catch (error) {
    log.warn(`the report of the dry run could not be kept: ${(error as Error).message}`);
  }
}

/** The work folder goes with the run. Null when there is no report: the run did not come that far. */
async function keepReport(world: JobWorld): Promise<string | null> {
  if (!existsSync(reportPath(world))) return null;
  const report = dryRunName(world, await readPublishedTip(world.target), "report.json");
  await copyFile(reportPath(world), report);
  return path.resolve(report);
}

async function keepHandOver(world: JobWorld): Promise<readonly string[]> {
  if (world.job !== "final") return [];
  const tip = await readPublishedTip(world.target);
  const manifest = await composeManifest(world, tip, [], await readReport(world));
  const handOver = await composeHandOver(world, manifest, null);
  const json = path.resolve(dryRunName(world, tip, "hand-over.json"));
  const text = path.resolve(dryRunName(world, tip, "hand-over.txt"));
  await writeFile(json, `${JSON.stringify(handOver, null, 2)}\n`);
  await writeFile(text, handOverText(handOver));
  return [json, text];
}

function dryRunName({ network }: JobWorld, { height, stateHash }: BlockRef, file: string): string {
  const { name, ext } = path.parse(file);
  return `${network.name}-dry-run-${name}-${height}-${stateHash}${ext}`;
}
