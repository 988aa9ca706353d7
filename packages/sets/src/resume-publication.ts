// Completes a publication that was interrupted after its manifest: the pointer is moved to the set, and
// what it replaces is removed. To be called with the lease, before a run chooses its set.

import { isPointedAt, moveLatest } from "./latest.ts";
import type { PublishedSet, PublishedSets } from "./published-sets.ts";
import { finishReplacement, type ReplacementOptions } from "./replacement.ts";

/** @returns the set whose publication is complete now; null when none was left behind. */
export async function resumePublication(
  options: ReplacementOptions & { readonly sets: PublishedSets },
): Promise<PublishedSet | null> {
  const { store, network, sets, date, confirm } = options;
  // Refuses the store of a later forklift, whose notes are its own as well.
  await sets.complete();
  const replacing = await finishReplacement(options);
  // Its files are read where a store knows no checksums: nothing is pointed at before it was read back.
  const newest = await sets.newest();
  if (newest === null || (await isPointedAt(store, { network, set: newest }))) return replacing;
  await confirm();
  await moveLatest(store, { network, set: newest, date, isReplacing: false });
  return newest;
}
