// What a run leaves behind, looked at while its databases and stores are still open. A run that failed
// is looked at, too, so whatever cannot be read is null and no error.

import { readServerSettings, type ServerSettings } from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import type { JobWorld } from "../job-world.ts";
import type { RunRecord } from "./run-record.ts";

const MS_PER_MINUTE = 60_000;

export type WorldView = Pick<RunRecord, "source" | "set" | "lagBlocks" | "retries">;

export async function lookAtWorld(world: JobWorld): Promise<WorldView> {
  const source = await orNull(sourceOf(world));
  const set = await orNull(setOf(world));
  return {
    source,
    set,
    lagBlocks: source === null || set === null ? null : source.height - set.height,
    retries: retriesOf(world),
  };
}

/** Settings of both servers, or why they cannot be read. */
export async function readDatabases({
  source,
  target,
}: Pick<JobWorld, "source" | "target">): Promise<(ServerSettings | string)[]> {
  const settingsOf = async (session: Session, role: "source" | "target") => {
    try {
      return await readServerSettings(session, role);
    } catch (error) {
      return `the ${role} cannot be asked: ${(error as Error).message}`;
    }
  };
  return [await settingsOf(source, "source"), await settingsOf(target, "target")];
}

async function sourceOf({ source, sourceDump }: JobWorld): Promise<RunRecord["source"]> {
  const [row] = await source.query<{ height: string; canonical: string }>(
    `select max(height) filter (where chain_status <> 'orphaned') as height,
            max(height) filter (where chain_status = 'canonical') as canonical
     from blocks`,
  );
  const dumped = sourceDump && new Date(sourceDump.minute * MS_PER_MINUTE).toISOString();
  return {
    name: sourceDump?.name ?? source.maskedUrl,
    dumped,
    height: Number(row!.height),
    canonicalHeight: Number(row!.canonical),
  };
}

async function setOf({ sets }: JobWorld): Promise<RunRecord["set"]> {
  const [found] = await sets.complete();
  if (found === undefined) return null;
  const { height, created, files, exceptions } = found.manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { name: found.name, height, created, bytes, exceptions: exceptions.length };
}

function retriesOf({ blocks, store, sourceDump }: JobWorld): number {
  const ofBlocks = blocks.statistics().reduce((sum, { retries }) => sum + retries, 0);
  return ofBlocks + store.retries() + (sourceDump?.store.retries() ?? 0);
}

async function orNull<Value>(value: Promise<Value>): Promise<Value | null> {
  try {
    return await value;
  } catch {
    return null;
  }
}
