// The work folders of this machine: those of runs that are at work, and of runs that were interrupted.

import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { TryAgainError } from "@forklift/pipeline";
import { dropOtherRunDatabases } from "@forklift/postgres";
import { findLease } from "@forklift/sets";
import { statIfThere } from "@forklift/system";
import { changesOf, type RunKey, workIdOf } from "./run-key.ts";
import { folderOf, ownerOf, removeWork, storeOf } from "./work-folder.ts";
import { readNotes, type WorkNotes } from "./work-notes.ts";

export interface FoundWork {
  /** The folder's name. */
  readonly id: string;
  readonly folder: string;
  /** Null where they are gone: what is left of a folder that was being removed. */
  readonly notes: WorkNotes | null;
  /** Whether a process works in it. */
  readonly isRunning: boolean;
}

export interface WorkPlace {
  readonly root: string;
  readonly date: () => Date;
}

/** Of a network, in the order of their names. */
export async function findWork(network: string, { root, date }: WorkPlace): Promise<FoundWork[]> {
  const names = await readdir(path.join(root, network)).catch(() => []);
  const found: FoundWork[] = [];
  for (const name of names.sort()) {
    const folder = folderOf(root, network, name);
    // A run that ends just now takes its folder away.
    if ((await statIfThere(folder))?.isDirectory() !== true) continue;
    const store = storeOf(folder);
    const lease = await findLease({ store, network, date });
    const isRunning = lease !== null && lease.free === null;
    found.push({ id: name, folder, notes: await readNotes(store), isRunning });
  }
  return found;
}

/** Interrupted runs of the same job for the same store on other input, each with what is another. */
export async function otherWork(
  key: RunKey,
  place: WorkPlace,
): Promise<(FoundWork & { readonly notes: WorkNotes; readonly changes: readonly string[] })[]> {
  const id = workIdOf(key);
  return (await findWork(key.network, place)).flatMap((found) => {
    const { notes, isRunning } = found;
    if (notes === null || isRunning || notes.id === id) return [];
    if (ownerOf(notes) !== ownerOf(key)) return [];
    return [{ ...found, notes, changes: changesOf(key.input, notes.input) }];
  });
}

/**
 * What a run that has ended well makes pointless: interrupted ones of the same job. Those of a folder that is
 * gone have left databases on the operator's server.
 */
export async function giveUpOthers(
  key: RunKey,
  place: WorkPlace,
  serverUrl: string | null,
): Promise<void> {
  const others = await otherWork(key, place);
  for (const other of others) await giveUpWork(other, serverUrl);
  if (serverUrl === null) return;
  await dropOtherRunDatabases({ serverUrl, id: workIdOf(key), owner: ownerOf(key) });
}

/**
 * Gives an interrupted run up: its folder and its databases.
 * @throws TryAgainError when a process works in it.
 */
export async function giveUpWork(
  { id, folder, isRunning }: FoundWork,
  serverUrl: string | null,
): Promise<void> {
  if (isRunning) {
    throw new TryAgainError(`a process works in ${folder}`, {
      hint: "wait for that run to end, or end its process; then run the same command again",
    });
  }
  await removeWork({ folder, id, serverUrl });
  await rm(folder, { recursive: true, force: true });
}

/** What the files of a folder take on the disk. */
export async function bytesIn(folder: string): Promise<bigint> {
  let bytes = 0n;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const inner = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesIn(inner);
    // A file that a server removes meanwhile takes nothing.
    else bytes += BigInt((await stat(inner).catch(() => ({ size: 0 }))).size);
  }
  return bytes;
}
