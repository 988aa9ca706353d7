// What writers that were killed have left in a store, told from what somebody is writing.

import type { Store, UnfinishedObject } from "./store.ts";

/** By itself: its process is known to have ended, or cannot be seen and has not written for long. */
export function isAbandoned({ owner, untouchedMs, abandonedAfterMs }: UnfinishedObject): boolean {
  if (owner !== "unknown") return owner === "ended";
  // A clock that was set back leaves files of the future.
  return Math.abs(untouchedMs) > abandonedAfterMs;
}

/**
 * Removes unfinished objects whose name begins with the prefix.
 * @param isLeft whether it is ours, and nobody can be at work on it; default: `isAbandoned`.
 * @returns what was removed.
 */
export async function removeUnfinished(
  store: Store,
  prefix: string,
  isLeft: (object: UnfinishedObject) => boolean = isAbandoned,
): Promise<UnfinishedObject[]> {
  const removed: UnfinishedObject[] = [];
  for await (const object of store.unfinished?.(prefix) ?? []) {
    if (!isLeft(object)) continue;
    await store.remove(object.name);
    removed.push(object);
  }
  return removed;
}
