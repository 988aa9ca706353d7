// Which origin a run has.

import { archiveOrigin } from "./archive-origin.ts";
import { filesOrigin } from "./files-origin.ts";
import { mendedOrigin } from "./mended-origin.ts";
import type { Origin, OriginContext } from "./origin.ts";

export function originOf(context: OriginContext): Origin {
  const { source, heals = false } = context;
  if (source === null) return filesOrigin(context);
  return heals ? mendedOrigin({ ...context, source }) : archiveOrigin({ ...context, source });
}
