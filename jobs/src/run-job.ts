// Runs a job: builds its world, runs its recipe, and tells what came of it.

import { copyFile } from "node:fs/promises";
import path from "node:path";
import { jsonNumber } from "@forklift/chain";
import type { StageReport } from "@forklift/pipeline";
import type { Config } from "./config/schema.ts";
import { type JobName, type JobOptions, type JobWorld, withJobWorld } from "./job-world.ts";
import { daily } from "./recipes/daily.ts";
import { final } from "./recipes/final.ts";
import { prime } from "./recipes/prime.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { runInTarget, type Shell } from "./run-context.ts";
import { readPublishedTip } from "./sets/compose-manifest.ts";
import { newestSet } from "./sets/published-sets.ts";
import { publishSet } from "./stages/publish-set.ts";
import { verifyTarget } from "./stages/verify-target.ts";
import { reportPath } from "./verification-report.ts";

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

export async function runJob(
  config: Config,
  options: JobOptions,
  shell: Shell,
): Promise<JobOutcome> {
  return await withJobWorld(config, options, shell, async (world) => {
    const stages = await runInTarget(RECIPES[options.job], world, {
      ...shell,
      onStageEnded: ({ stage, elapsedMs }) => world.durations.set(stage, elapsedMs),
    });
    const { height, stateHash } = await readPublishedTip(world.target);
    const set = await newestSet(world.store, world.network.name, () => undefined);
    return {
      job: options.job,
      height: jsonNumber(height),
      stateHash,
      set: options.isDryRun ? null : (set?.name ?? null),
      published: !wasSkipped(stages, publishSet.id),
      report: options.isDryRun ? await keepReport(world, stages) : null,
      stages,
    };
  });
}

function wasSkipped(stages: readonly StageReport[], id: string): boolean {
  return stages.find(({ stage }) => stage === id)?.skipped !== undefined;
}

/** The work folder goes with the run; the report of a dry run is what it was made for. */
async function keepReport(world: JobWorld, stages: readonly StageReport[]): Promise<string | null> {
  if (wasSkipped(stages, verifyTarget.id)) return null;
  const { height, stateHash } = await readPublishedTip(world.target);
  const name = `${world.network.name}-dry-run-report-${height}-${stateHash}.json`;
  await copyFile(reportPath(world), name);
  return path.resolve(name);
}
