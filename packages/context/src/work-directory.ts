// A folder for the files of one run, removed at its end, or by the next run if ours was killed.

import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isUntouched, livenessOf, thisProcess } from "@forklift/system";

/** Containers may share the folder that this lies in, and each counts processes from 1. */
const PREFIX = "forklift-work-";

/** A run whose process nobody here can see is known to live by this. */
const TOUCH_INTERVAL_MS = 60_000;
const SILENCE_MAX_MS = 15 * 60_000;

export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function openWorkDirectory(parent: string = tmpdir()): Promise<WorkDirectory> {
  await mkdir(parent, { recursive: true });
  await sweepDeadRuns(parent);
  const { namespace, pid, start } = thisProcess();
  const owner = [namespace, pid, start].join("-");
  const directory = await mkdtemp(path.join(parent, `${PREFIX}${owner}-`));
  const touch = setInterval(() => {
    const now = new Date();
    // Whoever removed it did so on purpose; the run finds out by itself.
    utimes(directory, now, now).catch(() => undefined);
  }, TOUCH_INTERVAL_MS).unref();
  return {
    path: directory,
    async [Symbol.asyncDispose]() {
      clearInterval(touch);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function sweepDeadRuns(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = /^(\d+)-(\d+)-(\d+)-\w+$/.exec(name.slice(PREFIX.length));
    if (owner === null) continue;
    const [, namespace, pid, start] = owner;
    const { host } = thisProcess();
    const liveness = livenessOf({ host, pid: Number(pid), namespace, start });
    const directory = path.join(parent, name);
    if (liveness !== "ended" && !(await isUntouched(directory, SILENCE_MAX_MS))) continue;
    await rm(directory, { recursive: true, force: true });
  }
}
