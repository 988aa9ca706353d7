import assert from "node:assert/strict";
import { type Crash, CrashPoints } from "../crash-points.ts";
import type { Sandbox, StageFixture } from "../fixture.ts";
import { describe, endsWell, type Law } from "../law.ts";
import { oneRun } from "../one-run.ts";
import { runStage } from "../run-stage.ts";

/** A fixture is small: more than that would be one that takes minutes. */
const COMMITS_MAX = 40;

export const crashThenRun: Law = {
  name: "a crash before or after any commit, then a run, equals no crash",
  async holds(fixture) {
    const { contents, commits } = await oneRun(fixture);
    assert.ok(commits > 0, "no commit of the stage passes the crash points of the fixture");
    assert.ok(commits < COMMITS_MAX, `${commits} commits, expected less than ${COMMITS_MAX}`);
    for (let at = 1; at <= commits; at++) {
      await dieThere(fixture, { at, moment: "before" }, contents);
      await dieThere(fixture, { at, moment: "after" }, contents);
    }
  },
};

/** A run that was quicker than the first one may have a commit less, and end. */
async function dieThere<Context, Box extends Sandbox<Context>>(
  { openSandbox, stage }: StageFixture<Context, Box>,
  { at, moment }: Crash,
  expected: unknown,
): Promise<void> {
  await using sandbox = await openSandbox();
  await using crash = new CrashPoints({ at, moment });
  const outcome = await runStage(sandbox, stage, { crash, isVerified: false }).catch(
    (error: unknown) => ({ error }),
  );
  const where = `after a crash ${moment} commit ${at}`;
  if ("error" in outcome) {
    assert.ok(crash.isDead, `without a crash it ended in ${describe(outcome.error)}`);
    await endsWell(runStage(sandbox, stage, { isVerified: false }), `a run ${where}`);
  } else assert.ok(!crash.isDead, `${where} the run went on as if nothing had happened`);
  assert.deepEqual(await sandbox.contents(), expected, where);
}
