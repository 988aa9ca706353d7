// The stage of `forklift store copy`: sets from one store to another, and then, if they are to be
// moved, out of the first; not before every byte of the copy was compared.

import { megabytesDone } from "@forklift/console";
import type { Check, WholeStage } from "@forklift/pipeline";
import {
  type CopyLimits,
  contentFault,
  copySet,
  type FoundSet,
  findSets,
  latestName,
  moveLatest,
  type PublishedSet,
  readLatest,
} from "@forklift/sets";
import type { Store } from "@forklift/storage";
import { defined } from "@forklift/system";

export interface CopyContext {
  readonly network: string;
  readonly from: Store;
  readonly to: Store;
  /** The newest last, so that the pointer of the target ends on it. */
  readonly sets: readonly PublishedSet[];
  readonly jobs: number;
  readonly isMoving: boolean;
  readonly date: () => Date;
  /** Throws when a lease is lost. */
  readonly confirm: () => Promise<void>;
  readonly limits?: CopyLimits;
}

interface Plan {
  readonly from: string;
  readonly to: string;
  readonly sets: readonly string[];
  readonly bytes: number;
}

export const copySets: WholeStage<CopyContext, Plan> = {
  id: "copy-sets",
  kind: "whole",

  async plan({ from, to, sets }) {
    const bytes = sets.reduce((sum, { manifest }) => sum + bytesOf(manifest), 0);
    return { from: from.url, to: to.url, sets: sets.map(({ name }) => name), bytes };
  },

  async run(context, { bytes }, { signal, progress }) {
    const { network, from, to, sets, jobs, date, confirm, limits } = context;
    let done = 0;
    let copied = 0;
    for (const set of sets) {
      await copySet(set, {
        ...{ network, from, to, jobs, signal, confirm },
        ...defined({ limits }),
        onBytes(count, isNew) {
          done += count;
          if (isNew) copied += count;
          progress(megabytesDone(done, bytes));
        },
      });
      await moveLatest(to, { network, set, date, isReplacing: false });
    }
    return { rowCount: sets.length, leftBehind: { "bytes that were there": bytes - copied } };
  },

  async verify(context) {
    const checks: Check[] = [];
    for (const set of context.sets) checks.push(await comparison(context, set));
    return checks;
  },
};

/** The stage after: reached only if the copies were found to be right. */
export const removeCopied: WholeStage<CopyContext, { readonly remove: readonly string[] }> = {
  id: "remove-copied",
  kind: "whole",

  async plan({ isMoving, sets }) {
    if (!isMoving) return { skip: "the source keeps its sets" };
    return { remove: sets.map(({ name }) => name) };
  },

  async run({ network, from, sets, date, confirm }) {
    const moved = new Set(sets.map(({ name }) => name));
    const { sets: found } = await findSets(from, network);
    const staying = found.filter(({ name }) => !moved.has(name));
    const shared = new Set(
      staying.flatMap(({ manifest }) => (manifest?.files ?? []).map(({ name }) => name)),
    );
    await confirm();
    await repoint(from, { network, moved, staying, date });
    // A manifest first: a reader must never find one whose files are gone.
    for (const { name } of sets) await from.remove(name);
    let removed = sets.length;
    for (const { manifest } of sets) {
      for (const { name } of manifest.files) {
        if (shared.has(name)) continue;
        await from.remove(name);
        removed++;
      }
    }
    return { rowCount: removed };
  },

  async verify({ from }, { remove }) {
    const checks: Check[] = [];
    for (const name of remove) {
      const actual = (await from.read(name)) === null ? "gone" : "there";
      checks.push({ name, expected: "gone", actual });
    }
    return checks;
  },
};

async function comparison({ to, network }: CopyContext, { name, manifest }: PublishedSet) {
  const expected = "every byte";
  const { sets, objects } = await findSets(to, network);
  const found = sets.find((set) => set.name === name);
  if (found === undefined) return { name, expected, actual: "no set" };
  if (found.fault !== null) return { name, expected, actual: found.fault };
  for (const file of manifest.files) {
    const fault = await contentFault(to, file, objects.get(file.name));
    if (fault !== null) return { name, expected, actual: fault };
  }
  return { name, expected, actual: expected };
}

function bytesOf({ files }: PublishedSet["manifest"]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Staying {
  readonly network: string;
  readonly moved: ReadonlySet<string>;
  /** The newest first. */
  readonly staying: readonly FoundSet[];
  readonly date: () => Date;
}

/** The pointer of the source goes to the newest set that stays, or goes. */
async function repoint(from: Store, { network, moved, staying, date }: Staying): Promise<void> {
  const latest = await readLatest(from, network);
  if (latest === null || !moved.has(latest.set)) return;
  for (const { name, manifest, fault } of staying) {
    if (fault !== null) continue;
    const set = { name, manifest };
    return await moveLatest(from, { network, set, date, isReplacing: true });
  }
  await from.remove(latestName(network));
}
