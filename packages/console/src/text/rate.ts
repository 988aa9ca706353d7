// Measures the rate of a stage, and estimates its remaining time.

import type { Progress } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";

export interface Rate {
  readonly perSecond: number;
  /** Null while it is unknown. */
  readonly leftMs: number | null;
}

/** Measures one stage, from the first progress it reports: what was done before is not its work. */
export function rateMeter(now: () => number): (progress: Progress) => Rate {
  const startedMs = now();
  let doneBefore: bigint | null = null;
  return ({ done, total }) => {
    doneBefore ??= done;
    const seconds = Math.max(now() - startedMs, 1) / MS_PER_SECOND;
    const perSecond = Math.round(Number(done - doneBefore) / seconds);
    const left = total === null ? null : Number(total - done);
    const isKnown = left !== null && perSecond > 0;
    return { perSecond, leftMs: isKnown ? Math.round((left / perSecond) * MS_PER_SECOND) : null };
  };
}
