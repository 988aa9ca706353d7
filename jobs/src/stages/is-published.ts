// Whether the store already holds what a job would publish: an idle day, or a second run.

import { readTargetTip } from "@forklift/archive";
import { historyOfSet, manifestName, type PublishedSet } from "@forklift/sets";
import type { JobContext } from "../context/job-context.ts";

/** A sentence that says which set stands for the target's tip; null when none does. */
export async function whyPublished(context: JobContext): Promise<string | null> {
  const set = await findPublished(context);
  return set && published(set);
}

/** In a sentence. */
export function published({ name, manifest: { height } }: PublishedSet): string {
  return `height ${height} was verified and published as ${name}`;
}

/** That set, of the same history: its files hold what its manifest says. */
export async function findPublished(context: JobContext): Promise<PublishedSet | null> {
  if (context.isDryRun || context.isReplacing) return null;
  const set = await findSetOfTip(context);
  // One that holds the chain alone is replaced by the first that holds more, under the same name.
  if (set !== null && historyOfSet(set.manifest) !== context.history) return null;
  // So is one that lacks blocks, by the first that requires all of them.
  if (set !== null && context.requireOrphans === true && missingBlocksOf(set) > 0) return null;
  return context.job === "final" && set?.manifest.final === false ? null : set;
}

/** Blocks of its source beside the chain that a set lacks, as its verification found it. */
export function missingBlocksOf({ manifest }: PublishedSet): number {
  return manifest.version === 1 ? 0 : (manifest.beside?.missing ?? 0);
}

/** The set that holds what the target holds, by its tip; null while there is none. */
export async function findSetOfTip({
  sets,
  target,
  network,
}: Pick<JobContext, "sets" | "target" | "network">): Promise<PublishedSet | null> {
  const tip = await readTargetTip(target);
  return tip === null ? null : await sets.named(manifestName(network.name, tip));
}
