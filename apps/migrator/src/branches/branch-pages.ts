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
import { WHOLE_LOAD } from "../source-load.ts";
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

/** The next page on which the target lacks a block, or the last of all. */
export async function nextBranchPage(
  { source, target }: { readonly source: Session; readonly target: Session | null },
  branches: SourceBranches,
  after: BranchPlace | null,
  max: number = BLOCKS_PER_PAGE,
): Promise<BranchPage> {
  let last = after;
  let count = 0;
  for (;;) {
    const refs = await readBranchRefs(source, branches, { after: last, max });
    const hashes = refs.map(({ stateHash }) => stateHash);
    const present = new Set<string>(
      target === null ? [] : await stateHashesInTarget(target, hashes),
    );
    last = refs.at(-1) ?? last;
    count += refs.length;
    const absent = refs.filter(({ stateHash }) => !present.has(stateHash));
    const isLast = refs.length < max;
    if (absent.length > 0 || isLast) return { absent, last, count, isLast };
  }
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
    return { ...page, merged };
  }

  async #begin(after: BranchPlace | null): Promise<PageAhead> {
    const { load = WHOLE_LOAD, now } = this.#context;
    const max = Math.min(BLOCKS_PER_PAGE, load.blocks);
    const startedMs = now();
    const page = await nextBranchPage(this.#context, this.#branches, after, max);
    load.adapt(page.count, now() - startedMs);
    if (!page.isLast) await load.pause();
    const merging = mergeBranches(this.#context, page.absent);
    // Its error is thrown where the page is asked for.
    merging.catch(() => undefined);
    return { ...page, merging };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ahead?.merging.catch(() => undefined);
  }
}
