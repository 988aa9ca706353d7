// A folder for the files of one run, removed at its end, or by the next run if ours was killed.

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isAlive } from "./is-alive.ts";

const PREFIX = "forklift-work-";

export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function openWorkDirectory(parent: string = tmpdir()): Promise<WorkDirectory> {
  await mkdir(parent, { recursive: true });
  await sweepDeadRuns(parent);
  const directory = await mkdtemp(path.join(parent, `${PREFIX}${process.pid}-`));
  return {
    path: directory,
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function sweepDeadRuns(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number.parseInt(name.slice(PREFIX.length), 10);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    await rm(path.join(parent, name), { recursive: true, force: true });
  }
}
