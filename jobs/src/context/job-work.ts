// The work folder of a job: that of the interrupted run which it goes on with, or a new one.

import { identifySchema } from "@forklift/archive";
import type { RunEnvironment } from "@forklift/console";
import { datedDumps } from "@forklift/sets";
import type { Config } from "../config/schema.ts";
import type { RunKey } from "../work/run-key.ts";
import { openWorkFolder, type WorkFolder } from "../work/work-folder.ts";
import { giveUpOthers, otherWork } from "../work/work-folders.ts";
import type { WorkNotes } from "../work/work-notes.ts";
import { workRoot } from "./configured-inputs.ts";
import type { JobDatabases } from "./job-databases.ts";
import type { JobInputs, SourceDump } from "./job-inputs.ts";
import { keyOfJob } from "./job-key.ts";

export interface JobWork extends WorkFolder {
  readonly key: RunKey;
}

/** @throws TryAgainError when another process works in it, ConfigError when it cannot be written. */
export async function openJobWork(
  config: Config,
  inputs: JobInputs,
  environment: RunEnvironment,
): Promise<JobWork> {
  return await openWorkOf(await keyOfJob(config, inputs), config, environment);
}

/** @throws TryAgainError when another process works in it, ConfigError when it cannot be written. */
export async function openWorkOf(
  key: RunKey,
  config: Pick<Config, "work" | "postgres">,
  { date, log, signal }: RunEnvironment,
): Promise<JobWork> {
  const root = workRoot(config);
  for (const { notes, changes } of await otherWork(key, { root, date })) {
    log.warn(
      { run: notes.id, begun: notes.begun },
      `${notes.job} begins anew beside one that was interrupted, for its input is another: ${changes.join("; ")}`,
    );
  }
  const serverUrl = config.postgres.url ?? null;
  const warn = (message: string) => log.warn(message);
  const work = await openWorkFolder(key, { root, serverUrl, date, warn, signal });
  const { attempts, begun } = work.notes();
  if (attempts > 1) {
    log.info({ run: work.id, begun, attempts }, "goes on with a run that was interrupted");
  }
  return { ...work, key };
}

/** The dump that an interrupted run worked with: it may have passed over the newest, which was damaged. */
export async function notedDump(
  work: { notes(): Pick<WorkNotes, "sourceDump"> },
  { sourceDump: newest, network }: JobInputs,
): Promise<SourceDump | null> {
  const { sourceDump } = work.notes();
  if (newest === null || sourceDump === null) return newest;
  const { store } = newest;
  const dumps = await datedDumps(store, network.dumps.prefix);
  const noted = dumps.find(({ name }) => name === sourceDump);
  return noted === undefined ? newest : { ...noted, store };
}

/**
 * A run has ended well: nothing of it stays, nor of interrupted ones of its job. What cannot be removed does not
 * change what the run came to.
 */
export async function finishWork(
  work: JobWork,
  { postgres, ...config }: Config,
  { date, log }: Pick<RunEnvironment, "date" | "log">,
): Promise<void> {
  work.finish();
  try {
    await giveUpOthers(work.key, { root: workRoot(config), date }, postgres.url ?? null);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn(`could not give up an interrupted run: ${why}`);
  }
}

/** A run has failed: it leaves what the next one can go on with, if it has come so far. */
export async function leaveWork(
  work: JobWork,
  { source, target }: JobDatabases,
  { sourceDump }: JobInputs,
): Promise<void> {
  const filled = sourceDump === null || source === null ? [target] : [source, target];
  try {
    for (const session of filled) {
      if ((await identifySchema(session)).kind !== "empty") return;
    }
    work.finish();
  } catch {
    // One that cannot be looked at may hold something.
  }
}
