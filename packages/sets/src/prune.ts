// Removes sets by rules: a plan first, which is plain data, and then exactly what it says.

import type { StorageClass, Store } from "@forklift/storage";
import { moveLatest, readLatest } from "./latest.ts";
import { type Candidate, type Decision, planRetention, type RetentionRules } from "./prune-plan.ts";
import { contentFault, findSets, type PublishedSet } from "./published-sets.ts";
import { readContents } from "./store-contents.ts";

export interface PruneOptions {
  readonly store: Store;
  readonly network: string;
  /** Null keeps every set. */
  readonly rules: RetentionRules | null;
  /** Also what belongs to no complete set. */
  readonly withLeftovers: boolean;
  readonly date: Date;
}

export interface PrunePlan {
  /** None when no set is whole, or when nothing says which sets to keep. */
  readonly decisions: readonly Decision[];
  /** The newest set that is whole and stays; null when none is whole, and then no set is removed. */
  readonly newest: PublishedSet | null;
  /** In this order: manifests before the files that they name. */
  readonly remove: readonly string[];
  readonly removeBytes: bigint;
  readonly changeClass: readonly { readonly name: string; readonly storageClass: StorageClass }[];
  /** Rules speak of storage classes, and the store has none. */
  readonly lacksClasses: boolean;
}

/** Reads only: the newest set whole where the store has no checksums, others if rules say so. */
export async function planPrune(options: PruneOptions): Promise<PrunePlan> {
  const { store, network, rules, withLeftovers, date } = options;
  const { sets, objects } = await findSets(store, network);
  const isWhole = async ({ manifest }: PublishedSet) => {
    for (const file of manifest.files) {
      if ((await contentFault(store, file, objects.get(file.name))) !== null) return false;
    }
    return true;
  };
  const candidates: Candidate[] = [];
  let lastGood: string | null = null;
  for (const { name, manifest, fault } of sets) {
    if (fault !== null) continue;
    const isAsked = lastGood === null || rules?.keepIfVerified === true;
    const isVerified = isAsked ? await isWhole({ name, manifest }) : null;
    if (isVerified === true) lastGood ??= name;
    candidates.push({ name, manifest, isVerified });
  }
  // Without a good set nothing is known to be better than what would go.
  const decisions =
    lastGood === null || rules === null ? [] : planRetention(candidates, { rules, lastGood, date });
  const kept = decisions.filter(({ action }) => action === "keep");
  const keptNames = new Set(kept.flatMap(({ set }) => set.manifest.files.map(({ name }) => name)));
  const gone = decisions.filter(({ action }) => action === "remove");
  const files = gone
    .flatMap(({ set }) => set.manifest.files.map(({ name }) => name))
    .filter((name) => !keptNames.has(name));
  // An incomplete set may be mended: it goes where a good one is known.
  const leftovers = withLeftovers
    ? (await readContents(store, network)).leftovers.filter(
        ({ isOfTornSet }) => !isOfTornSet || lastGood !== null,
      )
    : [];
  const remove = [
    ...new Set([
      ...gone.map(({ set }) => set.name),
      ...leftovers.filter(({ name }) => isManifest(network, name)).map(({ name }) => name),
      ...files,
      ...leftovers.map(({ name }) => name),
    ]),
  ];
  const sizes = new Map([...objects.values(), ...leftovers].map((it) => [it.name, it.bytes]));
  return {
    decisions,
    newest: kept[0]?.set ?? candidates.find(({ name }) => name === lastGood) ?? null,
    remove,
    removeBytes: remove.reduce((sum, name) => sum + (sizes.get(name) ?? 0n), 0n),
    changeClass: store.changeStorageClass === undefined ? [] : changesOf(kept, objects),
    lacksClasses: rules?.storageClass !== undefined && store.changeStorageClass === undefined,
  };
}

function isManifest(network: string, name: string): boolean {
  return name.startsWith(`${network}-set-`);
}

/** A file of several sets is as young as the youngest of them. */
function changesOf(
  kept: readonly Decision[],
  objects: ReadonlyMap<string, { readonly storageClass?: StorageClass }>,
): PrunePlan["changeClass"] {
  const wanted = new Map<string, StorageClass | null>();
  // The newest set comes first.
  for (const { set, storageClass } of kept) {
    for (const { name } of set.manifest.files)
      if (!wanted.has(name)) wanted.set(name, storageClass);
  }
  return [...wanted].flatMap(([name, storageClass]) =>
    storageClass === null || objects.get(name)?.storageClass === storageClass
      ? []
      : [{ name, storageClass }],
  );
}

/** A run that is killed leaves files without a manifest, which the next finds as leftovers. */
export async function runPrune(
  plan: PrunePlan,
  { store, network, date }: PruneOptions,
  confirm: () => Promise<void>,
): Promise<void> {
  const { newest } = plan;
  const latest = await readLatest(store, network);
  if (newest !== null && latest !== null && plan.remove.includes(latest.set)) {
    await moveLatest(store, { network, set: newest, date: () => date, isReplacing: true });
  }
  for (const name of plan.remove) {
    await confirm();
    await store.remove(name);
  }
  for (const { name, storageClass } of plan.changeClass) {
    await confirm();
    await store.changeStorageClass!(name, storageClass);
  }
}
