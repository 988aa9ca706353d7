// The error of a restore that was stopped by a signal.

import { StoppedError } from "@forklift/pipeline";

type Doing = "reading" | "restoring";

/** @throws StoppedError */
export function stopIfAborted(signal: AbortSignal | undefined, doing: Doing): void {
  if (signal?.aborted === true) throw stopped(doing);
}

export function stopped(doing: Doing, cause?: unknown): StoppedError {
  return new StoppedError(`stopped by a signal while ${doing} a dump`, { cause });
}
