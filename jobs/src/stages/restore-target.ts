// Step 2 of daily and final: the newest complete set that does not stand above the end of the run, its dump
// restored and its checkpoint at hand.
// A dump holds schema public only; what forklift knew about it comes back from the manifest.

import { isDeepStrictEqual } from "node:util";
import {
  createWorkingSchema,
  identifySchema,
  progressMarks,
  readTargetTip,
  requireOwnSchema,
  saveProgressMark,
  sourceHeightOf,
  targetRefAt,
} from "@forklift/archive";
import { copyBlocks } from "@forklift/migrator";
import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  type WholeStage,
} from "@forklift/pipeline";
import { findBlock } from "@forklift/precomputed";
import { replayCommands } from "@forklift/replayer";
import type { PublishedSet } from "@forklift/sets";
import { checkedBytes, copyFile, fileOf, type Manifest } from "@forklift/sets";
import { digestTables, readVersions, settledPart, settledVersions } from "@forklift/verifier";
import type { JobContext } from "../context/job-context.ts";
import { requireHistory } from "./held-history.ts";
import { markProven, provenBySet, provenUpTo } from "./proven-height.ts";
import { restoreObject } from "./restore-object.ts";

interface Plan {
  readonly set: string;
  readonly manifest: Manifest;
  /** Why only the checkpoint is fetched; null when the dump is restored, too. */
  readonly standing: string | null;
  /** The dump is there, what forklift knew about it is not: an earlier run was killed in between. */
  readonly isUnmarked: boolean;
}

export const restoreTarget: WholeStage<JobContext, Plan> = {
  id: "restore-target",
  kind: "whole",

  async plan(context) {
    const end = await endOfRun(context);
    const set = await context.sets.newest(end);
    if (set === null) {
      const standing = await whyStandingWithoutSet(context);
      if (standing !== null) return { skip: standing };
      throw await noSet(context, end);
    }
    requireHistory(context, set);
    const { name, manifest } = set;
    const standing = await whyStanding(context, set);
    const isUnmarked = standing !== null && (await lacksMarks(context.target, manifest));
    return { set: name, manifest, standing, isUnmarked };
  },

  async run({ store, target, targetUrl, checkpoints }, { manifest, standing, isUnmarked }, watch) {
    // A target keeps its rows, but no checkpoints; without one the replay would start at genesis.
    await copyFile(store, checkpoints, fileOf(manifest, "checkpoint"));
    await copyFile(store, checkpoints, fileOf(manifest, "checkpoint-meta"));
    if (isUnmarked) await markRestored(target, manifest);
    if (standing !== null) return { rowCount: 0 };
    const dump = fileOf(manifest, "dump");
    const bytes = checkedBytes(store, dump);
    const { result } = await restoreObject(targetUrl, { store, name: dump.name, bytes }, watch);
    await markRestored(target, manifest);
    return result;
  },

  async verify({ target }, { manifest, standing }) {
    if (standing !== null) return [];
    const tip = await readTargetTip(target);
    return [
      { name: "restored tip", expected: manifest.stateHash, actual: String(tip?.stateHash) },
      ...(await digestChecks(target, manifest)),
    ];
  },
};

/** Only of a target that holds what the set holds, by its digests. */
async function lacksMarks(target: JobContext["target"], { height }: Manifest): Promise<boolean> {
  const tip = await readTargetTip(target);
  if (tip?.height !== BigInt(height)) return false;
  return (await progressMarks(target).load(copyBlocks.id)) === null;
}

async function markRestored(target: JobContext["target"], manifest: Manifest): Promise<void> {
  const tip = { height: String(manifest.height), stateHash: manifest.stateHash };
  await target.transaction(async () => {
    await createWorkingSchema(target);
    await saveProgressMark(target, copyBlocks.id, tip);
    await saveProgressMark(target, replayCommands.id, tip);
    const versions = await readVersions(target);
    await markProven(target, { ...tip, ...provenBySet(manifest), versions });
  });
}

/** The stop point of the run, if any; a block that the source or the block files do not have is refused later. */
async function endOfRun({ stop, source, blocks }: JobContext): Promise<bigint | undefined> {
  const { forkStateHash, stopAtHeight } = stop;
  if (stopAtHeight !== null) return stopAtHeight;
  if (forkStateHash === null) return undefined;
  if (source === null) return (await findBlock(blocks, forkStateHash))?.height;
  return (await sourceHeightOf(source, forkStateHash)) ?? undefined;
}

/** A store that was never primed is a matter of set-up; one with incomplete sets only is bad data. */
async function noSet(
  { store, network, sets }: JobContext,
  end: bigint | undefined,
): Promise<ForkliftError> {
  const lowest = (await sets.complete()).at(-1);
  if (end !== undefined && lowest !== undefined && BigInt(lowest.manifest.height) > end) {
    return new ConfigError(
      `every complete set of ${network.name} in ${store.url} stands above height ${end}, where this run ` +
        `is to end; the lowest is ${lowest.name}`,
      {
        hint:
          `restore ${fileOf(lowest.manifest, "dump").name} into a database of your own, and take it back ` +
          `with forklift unwind --to-height ${end}`,
      },
    );
  }
  const message = `${store.url} holds no complete set of ${network.name}`;
  const faults = sets.faults();
  if (faults.length === 0) return new ConfigError(message, { hint: "run forklift prime first" });
  return new SourceDataError(`${message}: ${faults.join("; ")}`, {
    hint: "put the files back as they were published, or run forklift prime anew",
  });
}

/**
 * A target that the user named may be followed without ever being published: final goes on with it, and proves
 * all of it.
 */
async function whyStandingWithoutSet({
  job,
  givenTargetUrl,
  target,
  sets,
}: JobContext): Promise<string | null> {
  if (job !== "final" || givenTargetUrl === null) return null;
  if ((await sets.complete()).length > 0 || sets.faults().length > 0) return null;
  if ((await identifySchema(target)).kind !== "berkeley") return null;
  await requireOwnSchema(target);
  if ((await progressMarks(target).load(copyBlocks.id)) === null) return null;
  const tip = await readTargetTip(target);
  if (tip === null) return null;
  return `the store holds no set, and the target stands at height ${tip.height}; it is continued`;
}

/** A target that the user named may hold the set, or more, from an earlier run. */
async function whyStanding(
  { target, history }: JobContext,
  { name, manifest }: PublishedSet,
): Promise<string | null> {
  const { kind } = await identifySchema(target);
  // An empty one is filled; what is neither, the restore refuses.
  if (kind !== "berkeley") return null;
  await requireOwnSchema(target);
  const tip = await readTargetTip(target);
  const atSet = await targetRefAt(target, BigInt(manifest.height));
  if (tip === null || atSet?.stateHash !== manifest.stateHash) {
    throw new ConfigError(
      `the target ${target.maskedUrl} has block ${atSet?.stateHash ?? "none"} at height ` +
        `${manifest.height}, the set ${name} ends in ${manifest.stateHash}`,
      { hint: "give an empty target database, or the store that belongs to this one" },
    );
  }
  if (tip.height > BigInt(manifest.height)) {
    return `the target stands at height ${tip.height}, above the set; it is continued`;
  }
  const differing = (await digestChecks(target, manifest)).find(
    ({ expected, actual }) => expected !== actual,
  );
  if (differing === undefined) return `the target holds the set ${name} already`;
  if (history !== "canonical" && (await hasGrownBeside(target, manifest))) {
    return `the target stands at the height of ${name}, and has gone on beside the chain; it is continued`;
  }
  throw new ConfigError(
    `the target ${target.maskedUrl} stands at the height of set ${name}, but its ` +
      `${differing.name} is ${differing.actual}, expected ${differing.expected}`,
    { hint: "the target was changed; give an empty target database" },
  );
}

/** What was proven is as it was: whatever else there is has come since. */
async function hasGrownBeside(target: JobContext["target"], manifest: Manifest): Promise<boolean> {
  const proven = await provenUpTo(target, manifest);
  if (proven === null) return false;
  return isDeepStrictEqual(await settledVersions(proven)(target), settledPart(proven).versions);
}

async function digestChecks(target: JobContext["target"], { digests }: Manifest) {
  const found = await digestTables(target);
  return Object.entries(digests).map(([table, expected]) => ({
    name: `digest of ${table}`,
    expected,
    actual: found[table] ?? "none",
  }));
}
