// Step 1 of daily, before any database is opened: whether the newest set was made from what this run would be
// made from, the dump's bytes and all that decides besides them. Then it is what this run would come to.

import { isDeepStrictEqual } from "node:util";
import {
  identifySchema,
  lacksAccountIndexes,
  readTargetTip,
  requireOwnSchema,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { counted } from "@forklift/console";
import { openReader } from "@forklift/context";
import { chosenTip } from "@forklift/migrator";
import { ForkliftError, type WholeStage } from "@forklift/pipeline";
import { contentFault, type Manifest, type PublishedSet } from "@forklift/sets";
import { readVersions } from "@forklift/verifier";
import type { JobInputs } from "../context/job-inputs.ts";
import { SOURCE_DUMP } from "./compose-manifest.ts";
import { missingBlocksOf } from "./is-published.ts";
import { provenUpTo } from "./proven-height.ts";

export interface NewsContext extends Pick<JobInputs, "sourceDump" | "settings" | "givenTargetUrl"> {
  /** Where a run from block files would end; left out where there is an archive. */
  readonly endOfFiles?: () => Promise<BlockRef>;
  /** The newest one whose files hold what its manifest says. */
  readonly set: PublishedSet;
  /** Whether the run is to end at a block that it must leave out. */
  readonly requireOrphans: boolean;
}

/** For a run without an archive. */
export function endOfFilesOf({
  isFromBlocks,
  openBlocks,
  network,
  stop,
}: Pick<JobInputs, "isFromBlocks" | "openBlocks" | "network" | "stop">): Pick<
  NewsContext,
  "endOfFiles"
> {
  if (!isFromBlocks) return {};
  return {
    endOfFiles: async () =>
      await chosenTip({ network, blocks: await openBlocks(), target: null }, stop),
  };
}

interface News {
  /** Why the job goes on, as a sentence. */
  readonly news: string;
}

export const lookForNews: WholeStage<NewsContext, News> = {
  id: "look-for-news",
  kind: "whole",

  async plan(context) {
    const { set, sourceDump } = context;
    const news = (await newsOfSource(context)) ?? (await newsOfTarget(context));
    if (news !== null) return { news };
    if (sourceDump === null) {
      return {
        skip: `${set.name} ends where the block files do that have enough blocks above them`,
      };
    }
    return { skip: `${set.name} was made from ${sourceDump.name}, and there is no newer dump` };
  },

  async run() {
    return { rowCount: 0 };
  },

  async verify() {
    return [];
  },
};

/** Null when the set was made from the same dump by the same rules, up to the end of its canonical chain. */
async function newsOfSource(context: NewsContext): Promise<string | null> {
  const { set, sourceDump, settings, requireOrphans, endOfFiles } = context;
  const { name, manifest } = set;
  if (sourceDump === null && endOfFiles === undefined) return "a live source may have gone on";
  if (manifest.version === 1) return `${name} is of an earlier forklift: it names no inputs`;
  // Its stop point may lie below the end.
  if (manifest.final) return `${name} is final, and ends where it was told to`;
  if (sourceDump === null) return await newsOfFiles(context, manifest);
  const [dump, rules, ...others] = manifest.inputs;
  if (dump?.role !== SOURCE_DUMP || others.length > 0) {
    return `${name} was made from something else than a dump`;
  }
  if (!isDeepStrictEqual(rules, settings)) return `${name} was made by other settings`;
  const missing = missingBlocksOf(set);
  if (requireOrphans && missing > 0) {
    return `${name} lacks ${counted(missing, "block")} beside the chain, and this run requires all`;
  }
  if (dump.name !== sourceDump.name) return `${name} was made from ${dump.name}`;
  if (BigInt(dump.bytes) !== sourceDump.bytes) {
    return `${dump.name} has ${sourceDump.bytes} bytes, ${name} was made from ${dump.bytes}`;
  }
  return await contentFault(sourceDump.store, dump, sourceDump);
}

/** Told by names and the beginnings of files: as many blocks stand above the end as the network's finality asks for. */
async function newsOfFiles(
  { set: { name }, settings, requireOrphans, endOfFiles }: NewsContext,
  manifest: Exclude<Manifest, { readonly version: 1 }>,
): Promise<string | null> {
  const [rules, ...others] = manifest.inputs;
  if (!isDeepStrictEqual(rules, settings) || others.length > 0) {
    return `${name} was made by other settings, or from a dump`;
  }
  if (requireOrphans) return "a block beside the chain may have come";
  const end = await endOfFiles!();
  return end.stateHash === manifest.stateHash
    ? null
    : `the block files go on to ${end.stateHash} at height ${end.height}`;
}

/** A target that the operator gave is to hold the set, untouched since that was proven. */
async function newsOfTarget({ givenTargetUrl, set }: NewsContext): Promise<string | null> {
  if (givenTargetUrl === null) return null;
  try {
    return (await isUntouched(givenTargetUrl, set.manifest))
      ? null
      : `the target is not as it was when ${set.name} was proven`;
  } catch (error) {
    // What it is will be said by the stage that fills it, in its own words.
    if (error instanceof ForkliftError) return error.message;
    throw error;
  }
}

async function isUntouched(url: string, manifest: Manifest): Promise<boolean> {
  await using target = await openReader(url);
  if ((await identifySchema(target)).kind !== "berkeley") return false;
  await requireOwnSchema(target);
  if (await lacksAccountIndexes(target)) return false;
  const tip = await readTargetTip(target);
  if (tip?.stateHash !== manifest.stateHash) return false;
  const proven = await provenUpTo(target, manifest);
  return proven !== null && isDeepStrictEqual(await readVersions(target), proven.versions);
}
