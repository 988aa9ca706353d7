import assert from "node:assert/strict";
import { TryAgainError } from "@forklift/pipeline";
import type { Sandbox, StageFixture } from "../fixture.ts";
import { describe, endsWell, type Law } from "../law.ts";
import { oneRun } from "../one-run.ts";
import { runStage } from "../run-stage.ts";

/** A fixture of batches is small: more than that would be one that takes minutes. */
const BATCHES_MAX = 40;

/** A whole reports its progress as often as it likes; of a thousand steps, these are enough. */
const STOPS_OF_A_WHOLE = 4;

export const stoppedThenRun: Law = {
  name: "stopped between any two steps, then run, it equals one run",
  async holds(fixture) {
    const { contents, steps } = await oneRun(fixture);
    for (const step of fixture.makes === "rows" ? betweenBatches(steps) : spread(steps)) {
      await stopThere(fixture, step, contents);
    }
  },
};

/** Every one but the last, with which such a stage is over. */
function betweenBatches(steps: number): readonly number[] {
  assert.ok(steps < BATCHES_MAX, `the fixture has ${steps} batches, expected below ${BATCHES_MAX}`);
  return Array.from({ length: steps - 1 }, (_, index) => index + 1);
}

/** The first, the last, after which there may be something left to do, and some in between. */
function spread(steps: number): readonly number[] {
  const count = Math.min(steps, STOPS_OF_A_WHOLE);
  if (count < 2) return count === 1 ? [1] : [];
  return Array.from({ length: count }, (_, index) =>
    Math.round(1 + (index * (steps - 1)) / (count - 1)),
  );
}

async function stopThere<Context, Box extends Sandbox<Context>>(
  { openSandbox, stage }: StageFixture<Context, Box>,
  stopAfter: number,
  expected: unknown,
): Promise<void> {
  await using sandbox = await openSandbox();
  try {
    await runStage(sandbox, stage, { stopAfter, isVerified: false });
  } catch (error) {
    assert.ok(
      error instanceof TryAgainError,
      `expected TryAgainError when stopped after step ${stopAfter}, found ${describe(error)}`,
    );
  }
  const again = runStage(sandbox, stage, { isVerified: false });
  await endsWell(again, `a run after a stop at step ${stopAfter}`);
  assert.deepEqual(await sandbox.contents(), expected, `after a stop at step ${stopAfter}`);
}
