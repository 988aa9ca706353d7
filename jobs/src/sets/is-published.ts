// Whether the store already holds what a job would publish: an idle day, or a second run.

import { readTargetTip } from "@forklift/archive";
import type { JobWorld } from "../job-world.ts";

/** A sentence that says which set stands for the target's tip; null when none does. */
export async function whyPublished(world: JobWorld): Promise<string | null> {
  const { sets, target, job, isDryRun, isReplacing } = world;
  if (isDryRun || isReplacing) return null;
  const tip = await readTargetTip(target);
  if (tip === null) return null;
  const set = await sets.newest(tip.height);
  if (set === null || set.manifest.stateHash !== tip.stateHash) return null;
  if (job === "final" && !set.manifest.final) return null;
  return `height ${tip.height} was verified and published as ${set.name}`;
}
