// The runs of this machine that have not ended well: those at work, and those that were interrupted and
// whose work folder waits for the next run on the same input.

import { ConfigError } from "@forklift/pipeline";
import type { Config } from "../config/schema.ts";
import { workRoot } from "../context/configured-inputs.ts";
import type { RunInput } from "../work/run-key.ts";
import { bytesIn, type FoundWork, findWork, giveUpWork } from "../work/work-folders.ts";

export interface UnfinishedRun {
  readonly id: string;
  readonly state: "running" | "interrupted";
  /** Null with all that follows it for what is left of a folder that was being removed. */
  readonly job: string | null;
  readonly begun: string | null;
  readonly attempts: number | null;
  readonly input: RunInput | null;
  readonly folder: string;
  /** What its files take on the disk, which its databases on the operator's server are none of. */
  readonly bytes: number;
}

type WorkConfig = Pick<Config, "work" | "postgres">;

/** In the order of their ids. */
export async function unfinishedRuns(
  config: WorkConfig,
  network: string,
  date: () => Date,
): Promise<UnfinishedRun[]> {
  const found = await findWork(network, { root: workRoot(config), date });
  return await Promise.all(found.map(unfinishedRun));
}

/**
 * Removes an interrupted run: its work folder, and its databases on the operator's server.
 * @throws ConfigError when there is none with that id, TryAgainError when a process works in it.
 */
export async function giveUpRun(
  config: WorkConfig,
  network: string,
  { id, date }: { readonly id: string; readonly date: () => Date },
): Promise<void> {
  const root = workRoot(config);
  const work = (await findWork(network, { root, date })).find((found) => found.id === id);
  if (work === undefined) throw noSuchRun(id, network, root);
  await giveUpWork(work, config.postgres.url ?? null);
}

export function noSuchRun(id: string, network: string, root: string): ConfigError {
  return new ConfigError(`there is no unfinished run ${id} of ${network} in ${root}`, {
    hint: "forklift run ls lists them",
  });
}

async function unfinishedRun({ id, folder, notes, isRunning }: FoundWork): Promise<UnfinishedRun> {
  return {
    id,
    state: isRunning ? "running" : "interrupted",
    job: notes?.job ?? null,
    begun: notes?.begun ?? null,
    attempts: notes?.attempts ?? null,
    input: notes?.input ?? null,
    folder,
    bytes: Number(await bytesIn(folder)),
  };
}
