// The end of a restore that a signal asked for.

import { TryAgainError } from "@forklift/pipeline";

type Doing = "reading" | "restoring";

/** @throws TryAgainError */
export function stopIfAborted(signal: AbortSignal | undefined, doing: Doing): void {
  if (signal?.aborted === true) throw stopped(doing);
}

export function stopped(doing: Doing, cause?: unknown): TryAgainError {
  return new TryAgainError(`stopped by a signal while ${doing} a dump`, {
    cause,
    hint: "run the same command again; the restore starts over",
  });
}
