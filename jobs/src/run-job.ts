// Runs a job: builds its world, runs its recipe, and tells what came of it.

import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type BlockRef, jsonNumber } from "@forklift/chain";
import { firstError, type StageReport } from "@forklift/pipeline";
import type { Config } from "./config/schema.ts";
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
import { verifyTarget } from "./stages/verify-target.ts";
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
  readonly stages: readonly StageReport[];
}

/** Runs a job, keeps its record, and tells of its failure. */
export async function runJob(
  config: Config,
  options: JobOptions,
  shell: Shell,
): Promise<JobOutcome> {
  const watch = await startWatch(config, options, shell);
  try {
    const outcome = await withJobWorld(config, options, watch.shell, async (world) => {
      shell.monitor?.ready();
      try {
        const made = await runRecipe(world, watch.shell);
        await watch.look(world, null);
        return made;
      } catch (error) {
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

async function startWatch(config: Config, options: JobOptions, shell: Shell): Promise<RunWatch> {
  try {
    const { name: network } = await networkOfConfig(config);
    return await watchRun({ config, options, network, shell });
  } catch (error) {
    await tellOfFalseStart({ config, options, shell }, error);
    throw error;
  }
}

async function runRecipe(world: JobWorld, shell: Shell): Promise<JobOutcome> {
  const stages = await runWithLease(world, shell);
  const { height, stateHash } = await readPublishedTip(world.target);
  const published = !wasSkipped(stages, publishSet.id);
  return {
    job: world.job,
    height: jsonNumber(height),
    stateHash,
    set: await standingSet(world, { height, stateHash }, published),
    published,
    report: world.isDryRun ? await keepReport(world, stages) : null,
    stages,
  };
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
  return (await sets.newest())?.name ?? null;
}

function wasSkipped(stages: readonly StageReport[], id: string): boolean {
  return stages.find(({ stage }) => stage === id)?.skipped !== undefined;
}

/** The work folder goes with the run; the reports of a dry run are what it was made for. */
async function keepReport(world: JobWorld, stages: readonly StageReport[]): Promise<string | null> {
  if (wasSkipped(stages, verifyTarget.id)) return null;
  const tip = await readPublishedTip(world.target);
  const name = (what: string, ending: string) =>
    `${world.network.name}-dry-run-${what}-${tip.height}-${tip.stateHash}.${ending}`;
  const report = name("report", "json");
  await copyFile(reportPath(world), report);
  if (world.job === "final") {
    const manifest = await composeManifest(world, tip, [], await readReport(world));
    const handOver = await composeHandOver(world, manifest, null);
    await writeFile(name("hand-over", "json"), `${JSON.stringify(handOver, null, 2)}\n`);
    await writeFile(name("hand-over", "txt"), handOverText(handOver));
  }
  return path.resolve(report);
}
