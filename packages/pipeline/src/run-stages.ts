// The control flow of every job: loops, transactions, progress marks, signals and progress, once.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { VerificationError } from "./errors.ts";
import type { Check, StageReport } from "./report.ts";
import { type BatchStage, isSkip, type Progress, type Skip, type Stage } from "./stage.ts";
import { throwIfStopped } from "./stopped.ts";

/** Saved positions, kept in the target database beside the rows that they stand for. */
export interface ProgressMarks<Tx> {
  load(stageId: string): Promise<unknown>;
  save(tx: Tx, stageId: string, cursor: unknown): Promise<void>;
}

/** Is notified of everything that an operator would like to see. Implementations only print. */
export interface Observer {
  stageStarted(event: { stage: string; index: number; count: number }): void;
  stagePlanned(event: { stage: string; plan: unknown }): void;
  stageProgressed(event: { stage: string } & Progress): void;
  stageEnded(report: StageReport): void;
}

/** What stages run on and with. */
export interface StageRun<Context, Tx> {
  readonly context: Context;
  readonly marks: ProgressMarks<Tx>;
  readonly signal: AbortSignal;
  readonly observer: Observer;
  /** Commits when `work` returns, rolls back when it throws. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/**
 * Runs the stages in order and stops at the first that fails.
 * @throws VerificationError when a stage's own checks disagree with what it did.
 * @throws StoppedError when a signal stopped the run; everything committed stays.
 */
export async function runStages<Context, Tx>(
  stages: readonly Stage<Context, Tx>[],
  run: StageRun<Context, Tx>,
): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  for (const [index, stage] of stages.entries()) {
    run.observer.stageStarted({ stage: stage.id, index: index + 1, count: stages.length });
    const report = await runStage(stage, run);
    run.observer.stageEnded(report);
    reports.push(report);
  }
  return reports;
}

async function runStage<Context, Tx>(
  stage: Stage<Context, Tx>,
  run: StageRun<Context, Tx>,
): Promise<StageReport> {
  const { context, observer } = run;
  const startedMs = run.now();
  throwIfStopped(run.signal, stage.id);
  const plan = await stage.plan(context);
  if (!isSkip(plan)) observer.stagePlanned({ stage: stage.id, plan });

  const outcome = isSkip(plan)
    ? plan
    : stage.kind === "batches"
      ? await runBatches(stage, plan, run)
      : await stage.run(context, plan, watchOf(stage.id, run));

  const elapsedMs = () => Math.round(run.now() - startedMs);
  if (isSkip(outcome)) {
    const skipped = outcome.skip;
    return { stage: stage.id, skipped, rowCount: 0, checks: [], elapsedMs: elapsedMs() };
  }
  const checks = await stage.verify(context, plan);
  throwIfFailed(stage.id, checks);
  return { stage: stage.id, ...outcome, checks, elapsedMs: elapsedMs() };
}

async function runBatches<Context, Tx, Plan, Cursor, Tools>(
  stage: BatchStage<Context, Tx, Plan, Cursor, Tools>,
  plan: Plan,
  { context, marks, signal, observer, transaction }: StageRun<Context, Tx>,
): Promise<Pick<StageReport, "rowCount" | "details" | "leftOut" | "measured"> | Skip> {
  const start = stage.resume(plan, await marks.load(stage.id));
  if (isSkip(start)) return start;
  await using tools = disposable(await stage.open(context, plan, start));
  let cursor = start;
  let rowCount = 0;
  for (let isLast = false; !isLast; ) {
    if (signal.aborted) await stage.interrupted?.(tools.value, plan, cursor);
    throwIfStopped(signal, stage.id);
    const batch = await transaction(async (tx) => {
      const result = await stage.run(tx, tools.value, plan, cursor);
      // The loop has no other bound: a batch that stands still would never end.
      assert(
        result.isLast || !isDeepStrictEqual(result.cursor, cursor),
        `${stage.id} stands still`,
      );
      await marks.save(tx, stage.id, result.cursor);
      return result;
    });
    rowCount += batch.rowCount;
    observer.stageProgressed({ stage: stage.id, ...batch.progress });
    ({ cursor, isLast } = batch);
  }
  return { rowCount, ...stage.summary?.(tools.value) };
}

function watchOf<Context, Tx>(stage: string, { signal, observer }: StageRun<Context, Tx>) {
  return {
    signal,
    progress: (progress: Progress) => observer.stageProgressed({ stage, ...progress }),
  };
}

/** Tools without anything to close are the common case, so `Symbol.asyncDispose` is optional. */
function disposable<Tools>(value: Tools & Partial<AsyncDisposable>) {
  return {
    value,
    async [Symbol.asyncDispose]() {
      await value[Symbol.asyncDispose]?.();
    },
  };
}

function throwIfFailed(stage: string, checks: readonly Check[]): void {
  const failed = checks.filter(({ expected, actual }) => expected !== actual);
  if (failed.length === 0) return;
  const differences = failed.map(
    ({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`,
  );
  throw new VerificationError(`${stage}: ${differences.join("; ")}`, {
    hint: "the target is not what its source says; keep both databases and report the difference",
  });
}
