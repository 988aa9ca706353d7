// A stage: one step of a recipe. The words are always the same: plan, resume, open, run, verify.

import type { Check, Counts, StageReport } from "./report.ts";

/** A plan that finds nothing to do. The run is a success, and says why. */
export interface Skip {
  readonly skip: string;
}

/** How far a stage is, in a unit that an operator counts in: blocks, bytes, accounts. */
export interface Progress {
  readonly done: bigint;
  readonly total: bigint | null;
  readonly unit: string;
}

/** What one bounded unit of work achieved. */
export interface Batch<Cursor> {
  readonly cursor: Cursor;
  readonly isLast: boolean;
  readonly rowCount: number;
  readonly progress: Progress;
}

interface StageWords<Context, Plan> {
  /** Stands in progress marks and logs. Never reuse or rename one. */
  readonly id: string;
  /** Reads only. Says what will be done, as plain data that prints as a table or as JSON. */
  plan(context: Context): Promise<Plan | Skip>;
  /** Reads only, and not with the queries that `run` used. */
  verify(context: Context, plan: Plan): Promise<readonly Check[]>;
}

/**
 * A stage that writes the target database batch by batch. The runner wraps each batch in one
 * transaction and saves the cursor in it, so a crash leaves either all of a batch or none of it.
 * There is no separate way of resuming: resuming is `run` from a cursor that is not the first.
 */
export interface BatchStage<Context, Tx, Plan, Cursor, Tools> extends StageWords<Context, Plan> {
  readonly kind: "batches";
  /**
   * Pure. Where to start, or that nothing is left; throws when the mark belongs to another plan.
   * `mark` is the cursor that was saved last, null if there is none.
   */
  resume(plan: Plan, mark: unknown): Cursor | Skip;
  /** What every batch needs and only the process holds: a ledger, a reader. Disposed at the end. */
  open(context: Context, plan: Plan, cursor: Cursor): Promise<Tools & Partial<AsyncDisposable>>;
  /** Does one bounded batch inside the runner's transaction. */
  run(tx: Tx, tools: Tools, plan: Plan, cursor: Cursor): Promise<Batch<Cursor>>;
  /** Called when a signal ends the run between two batches, with what was committed last. */
  interrupted?(tools: Tools, plan: Plan, cursor: Cursor): Promise<void>;
  /** What the report says besides rows and checks; called when the last batch has committed. */
  summary?(tools: Tools): Pick<StageReport, "details" | "leftOut" | "healed" | "measured">;
}

/**
 * A stage whose result is a file or a whole database. It cannot share a transaction with a mark, so
 * it must be idempotent: what it makes appears under its final name at the very end or not at all.
 */
export interface WholeStage<Context, Plan> extends StageWords<Context, Plan> {
  readonly kind: "whole";
  run(context: Context, plan: Plan, watch: Watch): Promise<WholeResult>;
}

export interface WholeResult {
  readonly rowCount: number;
  /** What was not taken, on purpose: how much of it, by name. */
  readonly leftBehind?: Counts;
}

/** What a long piece of work owes the runner: to report how far it is, and to stop on request. */
export interface Watch {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

// A recipe holds stages whose plans, cursors and tools are their own business.
// biome-ignore lint/suspicious/noExplicitAny: the only way to say "some type, always the same one".
export type Stage<Context, Tx> = BatchStage<Context, Tx, any, any, any> | WholeStage<Context, any>;

export function isSkip(plan: unknown): plan is Skip {
  return typeof plan === "object" && plan !== null && "skip" in plan;
}
