// The set of a prime that was interrupted after it had written the manifest: the same prime, run again on
// the same input, completes its publication and refuses it no more.

import type { Manifest, PublishedSet, RunRecord } from "@forklift/sets";
import { type JobContext, sourceNameOf } from "../context/job-context.ts";
import { requireNewStore } from "./require-new-store.ts";

/** Null when the store holds none, or one whose prime ended well. */
export async function findOwnSet(context: JobContext): Promise<PublishedSet | null> {
  const { job, isDryRun, sets, trustedStateHash, resumed, runs } = context;
  if (job !== "prime" || isDryRun) return null;
  const set = await sets.newest();
  if (set === null || !isOfPrime(set.manifest)) return null;
  const { source, anchor } = set.manifest;
  if (source.name !== sourceNameOf(context)) return null;
  if (trustedStateHash !== null && trustedStateHash !== anchor.stateHash) return null;
  const isInterrupted = resumed?.name === set.name || wasInterrupted(await runs(), set.manifest);
  return isInterrupted ? set : null;
}

/** A manifest names the stages of its job, and only a prime asks for a new store. */
function isOfPrime({ durations }: Manifest): boolean {
  return requireNewStore.id in durations;
}

/**
 * Whether the prime that made the set did not end well, and no later one did.
 * @param runs records, the newest first.
 */
function wasInterrupted(runs: readonly RunRecord[], { created }: Manifest): boolean {
  const primes = runs.filter(({ recipe }) => recipe === "prime");
  const at = primes.findIndex(({ started }) => Date.parse(started) <= Date.parse(created));
  return at !== -1 && primes.slice(0, at + 1).every(({ state }) => state !== "succeeded");
}
