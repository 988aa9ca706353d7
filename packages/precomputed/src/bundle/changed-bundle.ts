// A bundle whose bytes are no longer those that were indexed.

import { SourceDataError } from "@forklift/pipeline";

export function changedBundle(url: string, what: string, cause?: unknown): SourceDataError {
  return new SourceDataError(`${url} ${what}, which it did when it was indexed`, {
    cause,
    hint: "it was changed or damaged since; run again, and it is indexed anew",
  });
}
