// The reference run of a stage, without a crash: every other run is compared with its contents, and
// is disturbed at one of the crash points that it passed.

import assert from "node:assert/strict";
import { CrashPoints } from "./crash-points.ts";
import type { Sandbox, StageFixture } from "./fixture.ts";
import { endsWell } from "./law.ts";
import { runStage } from "./run-stage.ts";

export interface OneRun {
  readonly contents: unknown;
  /** Crash points. */
  readonly commits: number;
  /** How often it reported its progress. */
  readonly steps: number;
}

const runs = new WeakMap<object, Promise<OneRun>>();

/** Done once for each fixture. */
export async function oneRun<Context, Box extends Sandbox<Context>>(
  fixture: StageFixture<Context, Box>,
): Promise<OneRun> {
  let run = runs.get(fixture);
  if (run === undefined) {
    run = runOnce(fixture);
    runs.set(fixture, run);
  }
  return await run;
}

async function runOnce<Context, Box extends Sandbox<Context>>({
  openSandbox,
  stage,
}: StageFixture<Context, Box>): Promise<OneRun> {
  await using sandbox = await openSandbox();
  await using crash = new CrashPoints({ at: Number.POSITIVE_INFINITY, moment: "before" });
  const before = await sandbox.contents();
  const run = runStage(sandbox, stage, { crash, isVerified: false });
  const { progressCount } = await endsWell(run, "a run that nothing disturbs");
  const contents = await sandbox.contents();
  assert.notDeepEqual(contents, before, "the stage makes nothing that the fixture's contents show");
  return { contents, commits: crash.passed, steps: progressCount };
}
