// The stop point of the final run: its set is marked and kept for ever, so it must end in the block
// that the network forks from. Only a rehearsal may end elsewhere.

import { type StopPoint, sourceHeightOf } from "@forklift/archive";
import type { Network } from "@forklift/network";
import { ConfigError, UsageError } from "@forklift/pipeline";
import type { JobContext } from "../context/job-context.ts";
import type { JobOptions } from "../context/job-inputs.ts";

/**
 * That of the options; of a final run without one the preset's last pre-fork block.
 * @throws UsageError when neither names a block.
 */
export function stopPointOfJob(
  { job, stop }: Pick<JobOptions, "job" | "stop">,
  { name, lastPreForkBlock }: Pick<Network, "name" | "lastPreForkBlock">,
): StopPoint {
  const isGiven = stop.forkStateHash !== null || stop.stopAtHeight !== null;
  if (job !== "final" || isGiven) return stop;
  if (lastPreForkBlock !== null) {
    return { forkStateHash: lastPreForkBlock.stateHash, stopAtHeight: null };
  }
  throw new UsageError(
    `final must be told where to end: the preset of ${name} names no last pre-fork block`,
    { hint: "give --fork-state-hash, the last pre-fork block, or --stop-at-height, its height" },
  );
}

/**
 * A source that ends below the preset's block, such as a part of a chain, ends where the operator says.
 * @throws ConfigError when the source has that block, and the run is to end in another one.
 */
export async function requireForkBlock({
  job,
  isDryRun,
  stop: { forkStateHash, stopAtHeight },
  network: { name, lastPreForkBlock },
  source,
}: Pick<JobContext, "job" | "isDryRun" | "stop" | "network" | "source">): Promise<void> {
  if (job !== "final" || isDryRun || lastPreForkBlock === null) return;
  const { height, stateHash } = lastPreForkBlock;
  if ((forkStateHash ?? stateHash) === stateHash && (stopAtHeight ?? height) === height) return;
  if ((await sourceHeightOf(source, stateHash)) === null) return;
  const asked = [forkStateHash, stopAtHeight === null ? null : `height ${stopAtHeight}`];
  throw new ConfigError(
    `final is to end in ${asked.filter((one) => one !== null).join(" at ")}, the last pre-fork block ` +
      `of ${name} is ${stateHash} at height ${height}`,
    { hint: "leave the stop point out; to rehearse with another one, add --dry-run" },
  );
}
