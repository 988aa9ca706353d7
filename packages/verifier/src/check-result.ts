// The result of one check, as a report shows it: what the check looked at and what it found.

import type { ForkliftError } from "@forklift/pipeline";

/** A result names its first differences; the rest is only counted. */
export const DIFFERENCES_SHOWN_MAX = 10;

/** One value of the target that is not what it should be. */
export interface Difference {
  readonly table: string;
  /** The row, by what stands in it: "height 5, sequence_no 3". */
  readonly key: string;
  /** "*" when the row as a whole is missing or too many. */
  readonly column: string;
  readonly expected: string;
  readonly found: string;
}

export interface CheckResult {
  /** Stable, for scripts. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly ok: boolean;
  /** Rows looked at. */
  readonly compared: number;
  /** Of the check itself; what it is shown is gathered once for all. */
  readonly elapsedMs: number;
  /** The first of them, at most `DIFFERENCES_SHOWN_MAX`. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** Why it has no answer, when that is all that it says: a file, a URL or a role is at fault. */
  readonly unanswered?: ForkliftError;
}
