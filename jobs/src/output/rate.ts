// How fast a stage goes, and how long it will take.

import type { Progress } from "@forklift/pipeline";

const MS_PER_SECOND = 1000;

export interface Rate {
  readonly perSecond: number;
  /** Null while nobody can tell. */
  readonly leftMs: number | null;
}

/** Measures one stage, from the first progress it tells of: what was done before is not its work. */
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
