// The work folder of a run: the data of its own server, its checkpoints and its files. An interrupted run
// keeps it for the next one of the same key, one that has ended well leaves nothing of it.

import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { dropRunDatabases, endKeptServer, type RunDatabases } from "@forklift/postgres";
import { acquireLease, type LeaseLimits } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import { fileError } from "@forklift/system";
import { type RunKey, workIdOf } from "./run-key.ts";
import { WALK_MARK_FILE } from "./walk-marks.ts";
import { readNotes, removeNotes, type WorkNotes, writeNotes } from "./work-notes.ts";

/** A folder is on this machine, or near: who is gone is known soon. */
const LIMITS: LeaseLimits = {
  timeToLiveMs: 90_000,
  heartbeatMs: 15_000,
  clockDifferenceMs: 60_000,
};

export interface WorkFolder extends AsyncDisposable {
  readonly id: string;
  readonly path: string;
  /** As they stand. */
  notes(): WorkNotes;
  note(change: Partial<Pick<WorkNotes, "sourceDump" | "dumpsPassedOver">>): Promise<void>;
  /** Those that outlive the run, on the given server. */
  databasesOn(serverUrl: string): RunDatabases;
  /** Once disposed of, nothing is left: neither the folder nor its databases. */
  finish(): void;
}

export interface WorkEnvironment {
  /** The folder of all runs of this machine. */
  readonly root: string;
  /** Of the operator's server; null when the run starts one of its own. */
  readonly serverUrl: string | null;
  readonly date: () => Date;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

export function folderOf(root: string, network: string, id: string): string {
  return path.join(root, network, id);
}

/** Of the data of a server that a run starts for itself. */
export function serverFolder(folder: string): string {
  return path.join(folder, "postgres");
}

export function storeOf(folder: string): Store {
  return openStore(pathToFileURL(`${folder}/`).href);
}

/**
 * That of an interrupted run of the same key, or a new one.
 * @throws TryAgainError when another process works in it, ConfigError when it cannot be written.
 */
export async function openWorkFolder(key: RunKey, env: WorkEnvironment): Promise<WorkFolder> {
  const { root, serverUrl, date, warn, signal } = env;
  const { network, job, input } = key;
  const id = workIdOf(key);
  const folder = folderOf(root, network, id);
  const store = storeOf(folder);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, `make the work folder ${folder}`);
  });
  const lease = await acquireLease({
    ...{ store, network, work: job, date, warn, limits: LIMITS, wait: { signal } },
  });
  const before = await readNotes(store);
  let notes: WorkNotes = {
    ...{ version: 1, id, network, job, input, begun: date().toISOString() },
    ...{ attempts: 1, sourceDump: null, dumpsPassedOver: [] },
    ...before,
  };
  if (before !== null) notes = { ...notes, attempts: before.attempts + 1 };
  await writeNotes(store, notes);
  let isFinished = false;
  return {
    id,
    path: folder,
    notes: () => notes,
    async note(change) {
      notes = { ...notes, ...change };
      await writeNotes(store, notes);
    },
    databasesOn: (server) => ({ serverUrl: server, id, owner: ownerOf(key) }),
    finish() {
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      try {
        if (isFinished) await removeWork({ folder, id, serverUrl });
      } finally {
        await lease[Symbol.asyncDispose]();
      }
      // The lease was the last file in it.
      if (isFinished) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One run of a job that ends well makes others of it pointless that were to publish in the same store. */
export function ownerOf({
  network,
  job,
  input,
}: Pick<RunKey, "network" | "job" | "input">): string {
  return `forklift ${job} of ${network}: ${input["store"]}`;
}

/** What a run has made: its databases, then its notes, then its files. */
export async function removeWork({
  folder,
  id,
  serverUrl,
}: {
  readonly folder: string;
  readonly id: string;
  readonly serverUrl: string | null;
}): Promise<void> {
  if (serverUrl !== null) await dropRunDatabases({ serverUrl, id });
  await endKeptServer(serverFolder(folder));
  await removeNotes(storeOf(folder));
  // Not the folder itself: a lease in it may be ours.
  for (const part of [
    serverFolder(folder),
    path.join(folder, "checkpoints"),
    path.join(folder, "files"),
    path.join(folder, WALK_MARK_FILE),
  ]) {
    await rm(part, { recursive: true, force: true });
  }
}
