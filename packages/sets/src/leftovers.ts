// What belongs to no complete set: files of a publication or a copy that was interrupted, files of an
// incomplete set, and what writers that were killed have left unfinished.

import {
  isAbandoned,
  removeUnfinished,
  type Store,
  type StoredObject,
  type UnfinishedObject,
} from "@forklift/storage";
import { partsPrefix } from "./copy-set.ts";
import { latestName } from "./latest.ts";
import { leaseName } from "./lease.ts";
import type { FoundSet } from "./published-sets.ts";
import { replacementName } from "./replacement.ts";
import { runsFolder } from "./run-history.ts";
import { isSetFile } from "./set-files.ts";

export interface Leftover extends StoredObject {
  /** A manifest names it, of a set that is not complete. */
  readonly isOfTornSet: boolean;
  /** No object: a file that its writer did not finish, or a lock. */
  readonly isUnfinished: boolean;
}

/**
 * Only what has a name that forklift gives, is in no complete set, and is not being written. Beside a set of
 * a later forklift nobody knows which files are in none.
 */
export async function findLeftovers(
  store: Store,
  network: string,
  sets: readonly FoundSet[],
): Promise<Leftover[]> {
  if (!store.isListable) return [];
  const owned = new Set(namesOf(sets.filter(({ fault }) => fault === null)));
  const torn = new Set(namesOf(sets.filter(({ fault }) => fault !== null)));
  const leftovers: Leftover[] = [];
  const add = (object: StoredObject, isUnfinished: boolean) => {
    const { name, bytes } = object;
    leftovers.push({ name, bytes, isOfTornSet: torn.has(name), isUnfinished });
  };
  const isKnown = sets.every((set) => set.fault === null || !set.isOfLater);
  for await (const object of isKnown ? store.list(`${network}-`) : []) {
    if (isSetFile(network, object.name) && !owned.has(object.name)) add(object, false);
  }
  for await (const object of store.list(partsPrefix(network))) add(object, false);
  for (const prefix of prefixesOf(network)) {
    for await (const object of store.unfinished?.(prefix) ?? []) {
      if (isLeft(network, object)) add(object, true);
    }
  }
  return leftovers;
}

/**
 * Removes what killed writers have left unfinished. To be called with the lease: without it nobody writes
 * the files of a set.
 */
export async function removeKilledUploads(
  store: Store,
  network: string,
): Promise<readonly UnfinishedObject[]> {
  const removed: UnfinishedObject[] = [];
  for (const prefix of prefixesOf(network)) {
    removed.push(...(await removeUnfinished(store, prefix, (it) => isLeft(network, it))));
  }
  return removed;
}

function namesOf(sets: readonly FoundSet[]): string[] {
  return sets.flatMap(({ name, manifest }) => [
    name,
    ...(manifest?.files ?? []).map((file) => file.name),
  ]);
}

/** Where all of them lie: not all that lies there is ours. */
function prefixesOf(network: string): readonly string[] {
  return [`${network}-`, partsPrefix(network)];
}

function isOfSets(network: string, name: string): boolean {
  return isSetFile(network, name) || name.startsWith(partsPrefix(network));
}

function isOurs(network: string, name: string): boolean {
  return (
    name.startsWith(runsFolder(network)) ||
    [latestName(network), leaseName(network), replacementName(network)].includes(name)
  );
}

/** Who writes a file of a set has the lease: whoever looks with it in hand finds the dead ones'. */
function isLeft(network: string, object: UnfinishedObject): boolean {
  if (object.owner === "running") return false;
  return isOfSets(network, object.of) || (isOurs(network, object.of) && isAbandoned(object));
}
