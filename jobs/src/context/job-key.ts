// The key of a job's run: its network and job, and every input that its rows come from. Where blocks lie and
// how many threads hash them changes no row.

import { forkliftVersion } from "@forklift/console";
import { maskUrl } from "@forklift/postgres";
import { recipeNameOf } from "@forklift/sets";
import type { Config } from "../config/schema.ts";
import type { RunKey } from "../work/run-key.ts";
import type { FollowConfig } from "./follow-config.ts";
import type { JobInputs } from "./job-inputs.ts";

/** Where they lie changes no row. */
const BLOCK_FILES = "block files";

export async function keyOfJob(config: Config, inputs: JobInputs): Promise<RunKey> {
  const { network, job, sets, store, givenTargetUrl, settings } = inputs;
  const begins = job === "prime" ? null : await sets.newest();
  return {
    network: network.name,
    job: recipeNameOf(inputs),
    input: {
      ...sourceOf(config, inputs),
      store: store.url,
      target: givenTargetUrl === null ? null : maskUrl(givenTargetUrl),
      set: begins?.name ?? null,
      ...stopOf(inputs),
      trusted: config.trustedStateHash ?? null,
      forklift: forkliftVersion(),
      settings: settings.sha256,
    },
  };
}

/** Where sets are published changes no row, and neither does the set that was published last. */
export function keyOfFollow(
  { source, target, trustedStateHash }: FollowConfig,
  { network, settings }: Pick<JobInputs, "network" | "settings">,
): RunKey {
  return {
    network: network.name,
    job: "follow",
    input: {
      source: source.database === null ? BLOCK_FILES : maskUrl(source.database),
      store: target.store,
      target: maskUrl(target.database),
      trusted: trustedStateHash ?? null,
      forklift: forkliftVersion(),
      settings: settings.sha256,
    },
  };
}

function sourceOf({ source }: Config, { sourceDump, isFromBlocks }: JobInputs) {
  if (isFromBlocks) return { source: BLOCK_FILES };
  if (sourceDump === null) return { source: maskUrl(source.database!) };
  const { store, name, bytes, crc32c } = sourceDump;
  return { source: `${store.url}/${name}`, bytes: String(bytes), crc32c: crc32c ?? null };
}

function stopOf({ stop: { forkStateHash, stopAtHeight } }: JobInputs) {
  return {
    "state hash": forkStateHash,
    height: stopAtHeight === null ? null : String(stopAtHeight),
  };
}
