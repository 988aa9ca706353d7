// Which origin a run has.

import { archiveOrigin } from "./archive-origin.ts";
import { filesOrigin } from "./files-origin.ts";
import type { Origin, OriginContext } from "./origin.ts";

export function originOf(context: OriginContext): Origin {
  const { source } = context;
  return source === null ? filesOrigin(context) : archiveOrigin({ ...context, source });
}
