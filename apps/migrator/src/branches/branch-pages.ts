// The blocks of branches that the target lacks, page by page in ascending height: while one page is written, the
// next is read and its block files are fetched. What the target holds is asked by state hash: an orphan can
// reach an origin long after its height was migrated.

import type { BranchPlace, BranchRef } from "@forklift/archive";
import type { MergedBranchBlock } from "./merge-branches.ts";

export interface BranchPage {
  /** Where the page ends; null for one without any block, after the last. */
  readonly last: BranchPlace | null;
  /** All blocks of the page. */
  readonly count: number;
  readonly isLast: boolean;
}

export interface MergedBranches {
  /** Those that the target lacks, each with what links it. */
  readonly absent: readonly BranchRef[];
  /** What `absent` merges to, in its order. */
  readonly merged: readonly MergedBranchBlock[];
}

export interface MergedPage extends BranchPage, MergedBranches {}

export interface PageAhead extends BranchPage {
  readonly merging: Promise<MergedBranches>;
}

/** The blocks beside a chain, as its origin has them. */
export interface BranchOrigin {
  /** Reads only. Whether the target lacks any. */
  hasAbsent(): Promise<boolean>;
  /** Reads the next page on which the target lacks a block, or the last of all, and begins to merge it. */
  begin(after: BranchPlace | null): Promise<PageAhead>;
}

/** The next page on which the target lacks a block, or the last of all; it counts what was passed over. */
export async function firstWithAbsent<
  Page extends BranchPage & { readonly absent: readonly unknown[] },
>(
  after: BranchPlace | null,
  read: (after: BranchPlace | null) => Promise<Page>,
  pause: () => Promise<void> = async () => {},
): Promise<Page> {
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

export class BranchPages implements AsyncDisposable {
  readonly #origin: BranchOrigin;
  #ahead: PageAhead | null = null;

  constructor(origin: BranchOrigin) {
    this.#origin = origin;
  }

  /** Asks the target what it holds: the caller must have no other query on its session. */
  async next(): Promise<MergedPage> {
    const { merging, ...page } = this.#ahead ?? (await this.#begin(null));
    const merged = await merging;
    this.#ahead = page.isLast ? null : await this.#begin(page.last);
    return { ...page, ...merged };
  }

  async #begin(after: BranchPlace | null): Promise<PageAhead> {
    const page = await this.#origin.begin(after);
    // Its error is thrown where the page is asked for.
    page.merging.catch(() => undefined);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ahead?.merging.catch(() => undefined);
  }
}
