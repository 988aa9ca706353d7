// Whether a target holds every block up to its tip. The tip alone says where a migration goes on, so a
// block that is lost below it would come to light when everything is written, or not at all.

import { readCanonicalHeights } from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import { changedTarget } from "./changed-target.ts";

/**
 * Reads only.
 * @throws ConfigError when a height up to the tip has no canonical block, or more than one.
 */
export async function requireWholeTarget(target: Session): Promise<void> {
  const heights = await readCanonicalHeights(target);
  if (heights === null || heights.faultHeight === null) return;
  const { tipHeight, canonicalCount, faultHeight } = heights;
  throw changedTarget(
    `the target ${target.maskedUrl} has ${canonicalCount} canonical blocks up to its tip at height ${tipHeight}, ` +
      `expected ${tipHeight}, one at each height: the first fault is at height ${faultHeight}`,
  );
}
