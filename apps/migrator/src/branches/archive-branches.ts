// The blocks of branches as an archive lists them; the source is left alone between two reads.

import {
  type BranchPlace,
  type BranchRef,
  readBranchRefs,
  type SourceBranches,
  stateHashesInTarget,
} from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import type { ArchiveContext } from "../context.ts";
import { type SourceLoad, WHOLE_LOAD } from "../source-load.ts";
import {
  type BranchOrigin,
  type BranchPage,
  firstWithAbsent,
  type MergedBranches,
} from "./branch-pages.ts";
import { healBranches, linkedByFiles } from "./heal-branches.ts";
import { mergeBranches } from "./merge-branches.ts";

/** Blocks of a page, of which two are in memory: a full block takes 128 commands of 1 kB. */
const BLOCKS_PER_PAGE = 100;

/** Of a page that is only looked at, for whether anything is left to do. */
const LOOKED_AT = 1_000;

export interface ListedPage extends BranchPage {
  /** Those that the target lacks, each with what links it. */
  readonly absent: readonly BranchRef[];
}

interface Read {
  readonly source: Session;
  /** Null before there is one, which lacks every block. */
  readonly target: Session | null;
  readonly load?: SourceLoad;
}

export function archiveBranches(context: ArchiveContext, branches: SourceBranches): BranchOrigin {
  const { load = WHOLE_LOAD, now } = context;
  const readTimed = async (after: BranchPlace | null) => {
    const max = Math.min(BLOCKS_PER_PAGE, load.blocks);
    const startedMs = now();
    const page = await readBranchPage(context, branches, after, max);
    load.adapt(page.count, now() - startedMs);
    return page;
  };
  return {
    async hasAbsent() {
      const page = await nextBranchPage(context, branches, null, LOOKED_AT);
      return page.absent.length > 0;
    },
    async begin(from) {
      const { absent, ...page } = await firstWithAbsent(from, readTimed, () => load.pause());
      if (!page.isLast) await load.pause();
      return { ...page, merging: mergeAbsent(context, absent) };
    },
  };
}

async function mergeAbsent(
  context: ArchiveContext,
  absent: readonly BranchRef[],
): Promise<MergedBranches> {
  if (context.heals !== true) return { absent, merged: await mergeBranches(context, absent) };
  const merged = await healBranches(context, absent);
  return { absent: linkedByFiles(absent, merged), merged };
}

/** The next page on which the target lacks a block, or the last of all. */
export async function nextBranchPage(
  { load = WHOLE_LOAD, ...sessions }: Read,
  branches: SourceBranches,
  after: BranchPlace | null,
  max: number,
): Promise<ListedPage> {
  return await firstWithAbsent(
    after,
    (place) => readBranchPage(sessions, branches, place, max),
    () => load.pause(),
  );
}

async function readBranchPage(
  { source, target }: Omit<Read, "load">,
  branches: SourceBranches,
  after: BranchPlace | null,
  max: number,
): Promise<ListedPage> {
  const refs = await readBranchRefs(source, branches, { after, max });
  const hashes = refs.map(({ stateHash }) => stateHash);
  const present = new Set<string>(target === null ? [] : await stateHashesInTarget(target, hashes));
  const absent = refs.filter(({ stateHash }) => !present.has(stateHash));
  return { absent, last: refs.at(-1) ?? after, count: refs.length, isLast: refs.length < max };
}
