// What lies in a store: its sets with their state, and what belongs to none.

import type { Store, StoredObject } from "@forklift/storage";
import { partsPrefix } from "./copy-set.ts";
import { migratedDumpPrefix } from "./dump-name.ts";
import { readLatest } from "./latest.ts";
import { parseManifestName } from "./manifest.ts";
import { type FoundSet, findSets } from "./published-sets.ts";

export interface StoreContents {
  readonly network: string;
  /** The greatest height first. */
  readonly sets: readonly ListedSet[];
  /** Of a publication or a copy that was broken off, or of a torn set. */
  readonly leftovers: readonly StoredObject[];
}

export interface ListedSet {
  readonly set: FoundSet;
  readonly height: number;
  /** Of all its objects that are there, the manifest included. */
  readonly bytes: bigint;
  /** The pointer names it. */
  readonly isLatest: boolean;
}

/** Networks by the manifests in a store, in the order of their names. */
export async function networksWithSets(store: Store): Promise<string[]> {
  const networks = new Set<string>();
  for await (const { name } of store.list()) {
    const [, network] = /^([a-z0-9][a-z0-9-]*)-set-\d+-3N\w+\.json$/.exec(name) ?? [];
    if (network !== undefined && parseManifestName(network, name) !== null) networks.add(network);
  }
  return [...networks].sort();
}

export async function readContents(store: Store, network: string): Promise<StoreContents> {
  const { sets, objects } = await findSets(store, network);
  const latest = await readLatest(store, network);
  const listed = sets.map((set) => ({
    set,
    height: Number(parseManifestName(network, set.name)!.height),
    bytes: bytesOf(set, objects),
    isLatest: latest?.set === set.name,
  }));
  return { network, sets: listed, leftovers: await findLeftovers(store, network, sets) };
}

function bytesOf({ name, manifest }: FoundSet, objects: ReadonlyMap<string, StoredObject>): bigint {
  const names = [name, ...(manifest?.files ?? []).map((file) => file.name)];
  return names.reduce((sum, it) => sum + (objects.get(it)?.bytes ?? 0n), 0n);
}

/** Only what has a name that a set of ours gives, and is in no complete set. */
async function findLeftovers(
  store: Store,
  network: string,
  sets: readonly FoundSet[],
): Promise<StoredObject[]> {
  if (!store.isListable) return [];
  const owned = new Set(
    sets.flatMap(({ name, manifest, fault }) =>
      fault === null ? [name, ...manifest.files.map((file) => file.name)] : [],
    ),
  );
  const prefixes = [
    migratedDumpPrefix(network),
    `${network}-checkpoint-`,
    `${network}-report-`,
    `${network}-hand-over-`,
    `${network}-set-`,
  ];
  const leftovers: StoredObject[] = [];
  for await (const object of store.list(`${network}-`)) {
    const isOurs = prefixes.some((prefix) => object.name.startsWith(prefix));
    if (isOurs && !owned.has(object.name)) leftovers.push(object);
  }
  for await (const object of store.list(partsPrefix(network))) leftovers.push(object);
  return leftovers;
}
