// What a run tells afterwards, as plain data.

import type { Check } from "./stage.ts";

export interface StageReport {
  readonly stage: string;
  /** Set when the plan found nothing to do; the sentence says why. */
  readonly skipped?: string;
  readonly rowCount: number;
  readonly checks: readonly Check[];
  readonly elapsedMs: number;
}
