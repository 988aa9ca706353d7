// Tests the laws of stages on one stage: its test file makes a fixture and calls `stageLaws`.

import type { Session } from "@forklift/postgres";
import { describe, test } from "vitest";
import {
  type BatchFixture,
  DAMAGES,
  type InspectionFixture,
  type Sandbox,
  type StageFixture,
  type WholeFixture,
} from "./fixture.ts";
import type { Law } from "./law.ts";
import { crashThenRun } from "./laws/crash.ts";
import { damageIsNoticed } from "./laws/damage.ts";
import { emptyInputIsHandled } from "./laws/empty-input.ts";
import { inspectionWritesNothing } from "./laws/inspection.ts";
import { planWritesNothing } from "./laws/plan-writes-nothing.ts";
import { wrongMarkIsRefused } from "./laws/progress-mark.ts";
import { secondRunChangesNothing } from "./laws/second-run.ts";
import { stoppedThenRun } from "./laws/stopped.ts";
import { wholeRunVerifies } from "./laws/whole-run.ts";
import { wrongInputLeavesNoTrace } from "./laws/wrong-input.ts";

export { CrashPoints, NO_CRASH } from "./crash-points.ts";
export type * from "./fixture.ts";
export * from "./law-archive.ts";
export * from "./test-archives.ts";

const OF_EVERY_STAGE: readonly Law[] = [
  planWritesNothing,
  emptyInputIsHandled,
  wholeRunVerifies,
  wrongInputLeavesNoTrace,
];

const OF_WRITING_STAGES: readonly Law[] = [secondRunChangesNothing, stoppedThenRun, crashThenRun];

const OF_INSPECTIONS: readonly Law[] = [inspectionWritesNothing];

interface HasTarget {
  readonly target: Session;
}

type UnmarkedFixture<Context, Box extends Sandbox<Context>> =
  | WholeFixture<Context, Box>
  | InspectionFixture<Context, Box>;

/** A law with the fixture that it is tested on. */
export interface LawOfStage {
  readonly name: string;
  /** @throws AssertionError when the stage breaks it. */
  readonly holds: () => Promise<void>;
}

/**
 * To be called at the top of a test file: a test for each law that the stage of the fixture is under.
 * Which those are follows from what it makes.
 */
export function stageLaws<Context extends HasTarget, Box extends Sandbox<Context>>(
  fixture: BatchFixture<Context, Box>,
): void;
export function stageLaws<Context, Box extends Sandbox<Context>>(
  fixture: UnmarkedFixture<Context, Box>,
): void;
export function stageLaws<Context extends HasTarget, Box extends Sandbox<Context>>(
  fixture: BatchFixture<Context, Box> | UnmarkedFixture<Context, Box>,
): void {
  const laws = fixture.makes === "rows" ? lawsOfBatches(fixture) : lawsOf(fixture);
  describe(`${fixture.stage.id} keeps the laws of stages`, () => {
    for (const { name, holds } of laws) test(name, holds);
  });
}

/** The same laws as plain functions. */
export function lawsOfBatches<Context extends HasTarget, Box extends Sandbox<Context>>(
  fixture: BatchFixture<Context, Box>,
): readonly LawOfStage[] {
  const { name } = wrongMarkIsRefused;
  return [
    ...asked([...OF_EVERY_STAGE, ...OF_WRITING_STAGES], fixture),
    { name, holds: () => wrongMarkIsRefused.holds(fixture) },
  ];
}

/** Likewise, of a stage without progress marks. */
export function lawsOf<Context, Box extends Sandbox<Context>>(
  fixture: UnmarkedFixture<Context, Box>,
): readonly LawOfStage[] {
  const laws = fixture.makes === "nothing" ? OF_INSPECTIONS : OF_WRITING_STAGES;
  return asked([...OF_EVERY_STAGE, ...laws], fixture);
}

function asked<Context, Box extends Sandbox<Context>>(
  laws: readonly Law[],
  fixture: StageFixture<Context, Box>,
): readonly LawOfStage[] {
  const notices = DAMAGES.filter((kind) => fixture.damage[kind] !== undefined).map(damageIsNoticed);
  return [...laws, ...notices].map((law) => ({
    name: law.name,
    holds: () => law.holds(fixture),
  }));
}
