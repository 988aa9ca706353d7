// Summarises the results of a run for its record, while its databases and stores are still open. A
// failed run is summarised, too, so whatever cannot be read is null and no error.

import { readSourceHeights } from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import { readServerSettings, type ServerSettings } from "@forklift/postgres";
import { type PublishedSet, type RunRecord, setBytes } from "@forklift/sets";
import { MS_PER_MINUTE } from "@forklift/system";
import { blockFilesOf, type JobContext, sourceNameOf } from "../context/job-context.ts";
import type { JobInputs } from "../context/job-inputs.ts";

export type RunSummary = Pick<
  RunRecord,
  "source" | "dumpsPassedOver" | "set" | "healed" | "lagBlocks" | "retries"
>;

export async function summarizeRun(context: JobContext): Promise<RunSummary> {
  const source = await orNull(sourceOf(context));
  const published = await orNull(newestSet(context));
  const set = published && setEntry(published);
  return {
    source,
    dumpsPassedOver: [...context.dumpsPassedOver],
    set,
    healed: published === null ? 0 : healedIn(published),
    lagBlocks: source === null || set === null ? null : lagOf(source, set),
    retries: retriesOf(context) + retriesOfBlocks(context),
  };
}

/**
 * Of a run that has found the set made from its own inputs: what the manifest says of the source holds, and the
 * verification that it tells of.
 */
export function summarizeStanding(
  inputs: JobInputs,
  set: PublishedSet,
): RunSummary & Pick<RunRecord, "verification"> {
  const { height, source: made } = set.manifest;
  const source = {
    name: inputs.sourceDump?.name ?? blockFilesOf(inputs.places),
    dumped: dumpedAt(inputs),
    height: made.tip.height,
    canonicalHeight: height,
  };
  return {
    source,
    dumpsPassedOver: [...inputs.dumpsPassedOver],
    set: setEntry(set),
    healed: healedIn(set),
    lagBlocks: lagOf(source, set.manifest),
    retries: retriesOf(inputs),
    verification: { ok: true, comparisons: null },
  };
}

/** A source that ends below the newest set is behind; the sets lag behind nothing then. */
function lagOf(source: { readonly height: number }, set: { readonly height: number }): number {
  return Math.max(0, source.height - set.height);
}

/** Settings of both servers, or why they cannot be read. */
export async function readDatabases({
  source,
  target,
}: Pick<JobContext, "source" | "target">): Promise<(ServerSettings | string)[]> {
  const settingsOf = async (session: Session, role: "source" | "target") => {
    try {
      return await readServerSettings(session, role);
    } catch (error) {
      return `the ${role} cannot be asked: ${(error as Error).message}`;
    }
  };
  const ofTarget = await settingsOf(target, "target");
  return source === null ? [ofTarget] : [await settingsOf(source, "source"), ofTarget];
}

async function sourceOf(context: JobContext): Promise<RunRecord["source"]> {
  const { source, target } = context;
  // Block files end where the chain does that was picked, which the target holds by now.
  const { highest, highestCanonical } = await readSourceHeights(source ?? target);
  return {
    name: sourceNameOf(context),
    dumped: dumpedAt(context),
    height: Number(highest),
    canonicalHeight: Number(highestCanonical),
  };
}

async function newestSet({ sets }: JobContext): Promise<PublishedSet | null> {
  const [found] = await sets.complete();
  return found ?? null;
}

/** Those of the first version told of none. */
function healedIn({ manifest }: PublishedSet): number {
  return manifest.version === 1 ? 0 : (manifest.healed ?? 0);
}

function setEntry({ name, manifest }: PublishedSet): NonNullable<RunRecord["set"]> {
  const { height, created, exceptions } = manifest;
  return { name, height, created, bytes: setBytes(manifest), exceptions: exceptions.length };
}

function dumpedAt({ sourceDump }: Pick<JobInputs, "sourceDump">): string | null {
  return sourceDump && new Date(sourceDump.minute * MS_PER_MINUTE).toISOString();
}

function retriesOf({ store, sourceDump }: Pick<JobInputs, "store" | "sourceDump">): number {
  return store.retries() + (sourceDump?.store.retries() ?? 0);
}

function retriesOfBlocks({ blocks }: JobContext): number {
  return blocks.statistics().reduce((sum, { retries }) => sum + retries, 0);
}

async function orNull<Value>(value: Promise<Value>): Promise<Value | null> {
  try {
    return await value;
  } catch {
    return null;
  }
}
