// The blocks of branches that the target lacks, page by page in ascending height: while one page is written, the
// next is read and its block files are fetched. What the target holds is asked by state hash: an orphan can
// reach the source long after its height was migrated.

import {
  type BranchPlace,
  type BranchRef,
  readBranchRefs,
  type SourceBranches,
  stateHashesInTarget,
} from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { type SourceLoad, WHOLE_LOAD } from "../source-load.ts";
import { healBranches, linkedByFiles } from "./heal-branches.ts";
import { type MergedBranchBlock, mergeBranches } from "./merge-branches.ts";

/** Blocks of a page, of which two are in memory: a full block takes 128 commands of 1 kB. */
const BLOCKS_PER_PAGE = 100;

export interface BranchPage {
  /** Those that the target lacks, each with what links it. */
  readonly absent: readonly BranchRef[];
  /** Where the page ends; null for one without any block, after the last. */
  readonly last: BranchPlace | null;
  /** All blocks of the page. */
  readonly count: number;
  readonly isLast: boolean;
}

interface Read {
  readonly source: Session;
  /** Null before there is one, which lacks every block. */
  readonly target: Session | null;
  readonly load?: SourceLoad;
}

/** The next page on which the target lacks a block, or the last of all; the source is left alone between two reads. */
export async function nextBranchPage(
  { load = WHOLE_LOAD, ...sessions }: Read,
  branches: SourceBranches,
  after: BranchPlace | null,
  max: number,
): Promise<BranchPage> {
  return await firstWithAbsent(
    after,
    (place) => readBranchPage(sessions, branches, place, max),
    () => load.pause(),
  );
}

async function firstWithAbsent(
  after: BranchPlace | null,
  read: (after: BranchPlace | null) => Promise<BranchPage>,
  pause: () => Promise<void>,
): Promise<BranchPage> {
  let place = after;
  let count = 0;
  for (;;) {
    const page = await read(place);
    count += page.count;
    if (page.absent.length > 0 || page.isLast) return { ...page, count };
    place = page.last;
    await pause();
  }
}

async function readBranchPage(
  { source, target }: Omit<Read, "load">,
  branches: SourceBranches,
  after: BranchPlace | null,
  max: number,
): Promise<BranchPage> {
  const refs = await readBranchRefs(source, branches, { after, max });
  const hashes = refs.map(({ stateHash }) => stateHash);
  const present = new Set<string>(target === null ? [] : await stateHashesInTarget(target, hashes));
  const absent = refs.filter(({ stateHash }) => !present.has(stateHash));
  return { absent, last: refs.at(-1) ?? after, count: refs.length, isLast: refs.length < max };
}

export interface MergedPage extends BranchPage {
  /** What `absent` merges to, in its order. */
  readonly merged: readonly MergedBranchBlock[];
}

interface PageAhead extends BranchPage {
  readonly merging: Promise<readonly MergedBranchBlock[]>;
}

export class BranchPages implements AsyncDisposable {
  readonly #context: MigratorContext;
  readonly #branches: SourceBranches;
  #ahead: PageAhead | null = null;

  constructor(context: MigratorContext, branches: SourceBranches) {
    this.#context = context;
    this.#branches = branches;
  }

  /** Asks the target what it holds: the caller must have no other query on its session. */
  async next(): Promise<MergedPage> {
    const { merging, ...page } = this.#ahead ?? (await this.#begin(null));
    const merged = await merging;
    this.#ahead = page.isLast ? null : await this.#begin(page.last);
    if (this.#context.heals !== true) return { ...page, merged };
    return { ...page, absent: linkedByFiles(page.absent, merged), merged };
  }

  async #begin(after: BranchPlace | null): Promise<PageAhead> {
    const { load = WHOLE_LOAD } = this.#context;
    const page = await firstWithAbsent(
      after,
      (place) => this.#readTimed(place),
      () => load.pause(),
    );
    if (!page.isLast) await load.pause();
    const { heals = false } = this.#context;
    const merging = (heals ? healBranches : mergeBranches)(this.#context, page.absent);
    // Its error is thrown where the page is asked for.
    merging.catch(() => undefined);
    return { ...page, merging };
  }

  async #readTimed(after: BranchPlace | null): Promise<BranchPage> {
    const { load = WHOLE_LOAD, now } = this.#context;
    const max = Math.min(BLOCKS_PER_PAGE, load.blocks);
    const startedMs = now();
    const page = await readBranchPage(this.#context, this.#branches, after, max);
    load.adapt(page.count, now() - startedMs);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ahead?.merging.catch(() => undefined);
  }
}
