// Step 2 of daily and final: the newest complete set that does not stand above the end of the run, its dump
// restored and its checkpoint at hand.
// A dump holds schema public only; what forklift knew about it comes back from the manifest.

import {
  createWorkingSchema,
  identifySchema,
  readTargetTip,
  saveProgressMark,
  sourceHeightOf,
  targetBlockAt,
} from "@forklift/archive";
import { copyBlocks } from "@forklift/migrator";
import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  type WholeStage,
} from "@forklift/pipeline";
import { replayCommands } from "@forklift/replayer";
import { digestTables, readVersions } from "@forklift/verifier";
import { requireForkBlock } from "../final-stop-point.ts";
import type { JobWorld } from "../job-world.ts";
import { markProven } from "../proven-height.ts";
import { restoreObject } from "../restore-object.ts";
import { fileOf, type Manifest } from "../sets/manifest.ts";
import type { PublishedSet } from "../sets/published-sets.ts";
import { checkedBytes, copyFile } from "../sets/set-files.ts";

interface Plan {
  readonly set: string;
  readonly manifest: Manifest;
  /** Why only the checkpoint is fetched; null when the dump is restored, too. */
  readonly standing: string | null;
}

export const restoreTarget: WholeStage<JobWorld, Plan> = {
  id: "restore-target",
  kind: "whole",

  async plan(world) {
    await requireForkBlock(world);
    const end = await endOfRun(world);
    const set = await world.sets.newest(end);
    if (set === null) throw await noSet(world, end);
    const { name, manifest } = set;
    return { set: name, manifest, standing: await whyStanding(world, set) };
  },

  async run({ store, target, targetUrl, checkpoints }, { manifest, standing }, watch) {
    // A target keeps its rows, but no checkpoints; without one the replay would start at genesis.
    await copyFile(store, checkpoints, fileOf(manifest, "checkpoint"));
    await copyFile(store, checkpoints, fileOf(manifest, "checkpoint-meta"));
    if (standing !== null) return { rowCount: 0 };
    const dump = fileOf(manifest, "dump");
    const bytes = checkedBytes(store, dump);
    const restored = await restoreObject(targetUrl, { store, name: dump.name, bytes }, watch);
    const tip = { height: String(manifest.height), stateHash: manifest.stateHash };
    await target.transaction(async () => {
      await createWorkingSchema(target);
      await saveProgressMark(target, copyBlocks.id, tip);
      await saveProgressMark(target, replayCommands.id, tip);
      const versions = await readVersions(target);
      await markProven(target, { ...tip, digests: manifest.digests, versions });
    });
    return restored;
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

/** Where the run is to stop, if it is told; a block that the source does not have is refused later. */
async function endOfRun({ stop, source }: JobWorld): Promise<bigint | undefined> {
  const { forkStateHash, stopAtHeight } = stop;
  if (stopAtHeight !== null) return stopAtHeight;
  if (forkStateHash === null) return undefined;
  return (await sourceHeightOf(source, forkStateHash)) ?? undefined;
}

/** A store that was never primed is a matter of set-up; one whose sets are all torn is bad data. */
async function noSet(
  { store, network, sets }: JobWorld,
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

/** A target that the user named may hold the set, or more, from an earlier run. */
async function whyStanding(
  { target }: JobWorld,
  { name, manifest }: PublishedSet,
): Promise<string | null> {
  const { kind } = await identifySchema(target);
  // An empty one is filled; what is neither, the restore refuses.
  if (kind !== "berkeley") return null;
  const tip = await readTargetTip(target);
  const atSet = await targetBlockAt(target, BigInt(manifest.height));
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
  throw new ConfigError(
    `the target ${target.maskedUrl} stands at the height of set ${name}, but its ` +
      `${differing.name} is ${differing.actual}, expected ${differing.expected}`,
    { hint: "the target was changed; give an empty target database" },
  );
}

async function digestChecks(target: JobWorld["target"], { digests }: Manifest) {
  const found = await digestTables(target);
  return Object.entries(digests).map(([table, expected]) => ({
    name: `digest of ${table}`,
    expected,
    actual: found[table] ?? "none",
  }));
}
