// The report of a run, as plain data.

export type Counts = Readonly<Record<string, number>>;

/** A single thing that a stage was to take and could not, by its name among others of its kind. */
export interface LeftOut {
  readonly reason: string;
  readonly [name: string]: string | number;
}

/** A value of the source that was not taken, since the block file's is settled to be right. */
export interface HealedValue {
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly ofSource: string;
  readonly ofFile: string;
  readonly settledBy: string;
}

/** The outcome of one independent check after a stage has run. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

export interface StageReport {
  readonly stage: string;
  /** Set when the plan found nothing to do; the sentence says why. */
  readonly skipped?: string;
  readonly rowCount: number;
  /** What it did not take, on purpose: how much of it, by name. */
  readonly leftBehind?: Counts;
  /** What it was to take and could not: the first of them, one by one; the details count them all. */
  readonly leftOut?: readonly LeftOut[];
  /** What it took from block files instead: the first of them; the details count them all. */
  readonly healed?: readonly HealedValue[];
  /** What it met on the way: how often, by name. */
  readonly details?: Counts;
  /** What its work took, for programs: times in milliseconds and other figures, by name. */
  readonly measured?: Counts;
  readonly checks: readonly Check[];
  readonly elapsedMs: number;
}
