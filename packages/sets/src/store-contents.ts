// Lists the contents of a store: its sets with their state, and the objects that belong to none.

import type { Store, StoredObject } from "@forklift/storage";
import { readLatest } from "./latest.ts";
import { findLeftovers, type Leftover } from "./leftovers.ts";
import { parseManifestName, setBytes } from "./manifest.ts";
import { type FoundSet, findSets } from "./published-sets.ts";
import { networkOfFile } from "./set-files.ts";

export interface StoreContents {
  readonly network: string;
  /** The greatest height first. */
  readonly sets: readonly ListedSet[];
  /** Of an interrupted publication or copy, or of an incomplete set. */
  readonly leftovers: readonly Leftover[];
}

export interface ListedSet {
  readonly set: FoundSet;
  readonly height: number;
  /** Of a whole set its size; of a torn one, what of it is there. */
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

/** The same, and those of which killed runs have left something, before any set was complete. */
export async function networksWithFiles(store: Store): Promise<string[]> {
  const networks = new Set(await networksWithSets(store));
  const look = (name: string) => {
    const network = networkOfFile(name);
    if (network !== null) networks.add(network);
  };
  for await (const { name } of store.list()) look(name);
  for await (const { of } of store.unfinished?.() ?? []) look(of);
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

function bytesOf(
  { name, manifest, fault }: FoundSet,
  objects: ReadonlyMap<string, StoredObject>,
): bigint {
  if (fault === null) return BigInt(setBytes(manifest));
  const names = [name, ...(manifest?.files ?? []).map((file) => file.name)];
  return names.reduce((sum, it) => sum + (objects.get(it)?.bytes ?? 0n), 0n);
}
