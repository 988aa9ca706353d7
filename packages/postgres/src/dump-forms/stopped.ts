// The end of a reading that a signal asked for.

import { TryAgainError } from "@forklift/pipeline";

export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new TryAgainError("stopped by a signal while reading a dump", {
    hint: "run the same command again; the restore starts over",
  });
}
