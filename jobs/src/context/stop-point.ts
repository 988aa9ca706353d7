// Where a job ends: what the options say, else for a final run the block that the network forks from, as the
// preset or the configuration of the fork names it.

import type { StopPoint } from "@forklift/archive";
import type { ForkPoint, Network } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import type { JobName } from "@forklift/sets";

/**
 * @param forkPoint of the configuration of the fork; null without one.
 * @throws UsageError when a final run is told by nobody.
 */
export function stopPointOfJob(
  { job, stop }: { readonly job: JobName; readonly stop: StopPoint },
  { name, lastPreForkBlock }: Pick<Network, "name" | "lastPreForkBlock">,
  forkPoint: ForkPoint | null,
): StopPoint {
  const isGiven = stop.forkStateHash !== null || stop.stopAtHeight !== null;
  if (job !== "final" || isGiven) return stop;
  const named = lastPreForkBlock ?? forkPoint;
  if (named !== null) return { forkStateHash: named.stateHash, stopAtHeight: null };
  throw new UsageError(
    `final must be told where to end: the preset of ${name} names no last pre-fork block`,
    {
      hint:
        "give --fork-state-hash, the last pre-fork block, --stop-at-height, its height, or " +
        "--fork-genesis-config, which names it",
    },
  );
}
