// The error for packed bytes that do not unpack.

import { SourceDataError } from "@forklift/pipeline";

export function damaged(what: string, kind: string, why: string, cause?: unknown): SourceDataError {
  return new SourceDataError(`${what}'s ${kind} is damaged: ${why}`, {
    cause,
    hint: "the file is damaged or of another kind; get it again",
  });
}
