// What a publication takes the place of, noted in the store before its manifest: the next run removes
// what a run that was killed in between has left of it.

import type { Store } from "@forklift/storage";
import { z } from "zod";
import { moveLatest, readLatest } from "./latest.ts";
import { fileOf } from "./manifest.ts";
import { contentFault, findSets, type PublishedSet } from "./published-sets.ts";
import { isSetFile } from "./set-files.ts";

const name = z.string().regex(/^[^/]+$/);

const replacementSchema = z.strictObject({
  version: z.literal(1),
  /** The manifest of the set that takes the place. */
  by: name,
  /** Its dump: a manifest of its name may also be of a set that it replaces. */
  dump: name,
  manifests: z.array(name),
  files: z.array(name),
});

export type Replacement = Omit<z.infer<typeof replacementSchema>, "version">;

export interface ReplacementOptions {
  readonly store: Store;
  readonly network: string;
  readonly date: () => Date;
  /** Called before something is removed. Throws when a lease is lost. */
  readonly confirm: () => Promise<void>;
}

export function replacementName(network: string): string {
  return `${network}-replacing.json`;
}

/** To be called before the manifest is written; nothing is removed yet. */
export async function noteReplacement(
  { store, network }: Pick<ReplacementOptions, "store" | "network">,
  replacement: Replacement,
): Promise<void> {
  const note = { version: 1, ...replacement };
  const object = replacementName(network);
  const found = await store.read(object);
  const content = Buffer.from(`${JSON.stringify(note, null, 2)}\n`);
  await store.replace(object, content, found?.version ?? null);
}

/** Null when there is none, or what is there is none. */
export async function readReplacement(store: Store, network: string): Promise<Replacement | null> {
  const found = await store.read(replacementName(network));
  if (found === null) return null;
  try {
    return replacementSchema.parse(JSON.parse(found.content.toString("utf8")));
  } catch {
    return null;
  }
}

/**
 * Removes what a set has taken the place of, once that set is whole; manifests first, since a reader
 * must never find one whose files are gone. What another manifest names stays. Forgets a replacement
 * that never came about.
 * @returns the set that replaces; null when nothing was left to do.
 */
export async function finishReplacement(options: ReplacementOptions): Promise<PublishedSet | null> {
  const { store, network, date, confirm } = options;
  if ((await store.read(replacementName(network))) === null) return null;
  const replacement = await readReplacement(store, network);
  const by = replacement === null ? null : await wholeSet(options, replacement);
  await confirm();
  if (replacement !== null && by !== null) {
    const replaced = new Set(replacement.manifests.filter((it) => it !== by.name));
    const latest = await readLatest(store, network);
    if (latest !== null && replaced.has(latest.set)) {
      await moveLatest(store, { network, set: by, date, isReplacing: true });
    }
    for (const manifest of replaced) await removeOf(options, manifest);
    const named = await namedFiles(store, network);
    for (const file of replacement.files) if (!named.has(file)) await removeOf(options, file);
  }
  await store.remove(replacementName(network));
  return by;
}

/** Whoever wrote the note: nothing but what a set of this network may consist of. */
async function removeOf({ store, network }: ReplacementOptions, object: string): Promise<void> {
  if (isSetFile(network, object)) await store.remove(object);
}

async function wholeSet(
  { store, network }: ReplacementOptions,
  { by, dump }: Replacement,
): Promise<PublishedSet | null> {
  const { sets, objects } = await findSets(store, network);
  const found = sets.find((set) => set.name === by);
  if (found === undefined || found.fault !== null) return null;
  const { manifest } = found;
  if (fileOf(manifest, "dump").name !== dump) return null;
  for (const file of manifest.files) {
    if ((await contentFault(store, file, objects.get(file.name))) !== null) return null;
  }
  return { name: by, manifest };
}

async function namedFiles(store: Store, network: string): Promise<ReadonlySet<string>> {
  const { sets } = await findSets(store, network);
  return new Set(sets.flatMap(({ manifest }) => (manifest?.files ?? []).map((file) => file.name)));
}
