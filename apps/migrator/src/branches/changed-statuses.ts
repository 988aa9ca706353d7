// What has become of the blocks that a target holds beside its chain, by what the source says now.

import {
  type BranchBlock,
  type BranchCounts,
  branchBlocksAmong,
  chainBlocks,
  readBranchBlocks,
  readSourceStatuses,
  type SourceChain,
} from "@forklift/archive";
import type { BlockRef, BranchStatus } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { ArchiveContext } from "../context.ts";
import { WHOLE_LOAD } from "../source-load.ts";

/** Blocks that are asked for at once. */
const BLOCKS_PER_PAGE = 1_000;

type Asked = Pick<ArchiveContext, "source" | "target" | "history" | "load">;

/**
 * The blocks right above the target's tip that the chain goes on with and the target holds already, ascending. A
 * block is written after its parent only, so that all of them are there up to the last.
 */
export async function adoptableBlocks(
  { source, target }: Pick<Asked, "source"> & { readonly target: ArchiveContext["target"] },
  chain: SourceChain,
  targetTip: BlockRef,
): Promise<BranchBlock[]> {
  const adoptable: BranchBlock[] = [];
  for await (const page of pagesOf(chainBlocks(source, chain, targetTip.height))) {
    const held = await branchBlocksAmong(
      target,
      page.map(({ stateHash }) => stateHash),
    );
    const byHash = new Map(held.map((block) => [block.stateHash, block]));
    for (const { stateHash } of page) {
      const block = byHash.get(stateHash);
      if (block === undefined) return adoptable;
      adoptable.push(block);
    }
  }
  return adoptable;
}

async function* pagesOf(blocks: AsyncIterable<BlockRef>): AsyncGenerator<BlockRef[]> {
  let page: BlockRef[] = [];
  for await (const block of blocks) {
    page.push(block);
    if (page.length < BLOCKS_PER_PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** State hashes, by what the blocks are to be; as many as the source has decided on since the last run. */
export type ChangedStatuses = Readonly<Record<BranchStatus, readonly string[]>>;

/**
 * Of those blocks of the target, up to a height if one is given, that are not canonical and do not become so. One
 * that the source does not have, or calls canonical above the chosen chain, stays what it is.
 * @throws SourceDataError when the source takes the verdict on a block back.
 */
export async function changedStatuses(
  { source, target, history, load = WHOLE_LOAD }: Asked,
  { adopted, upTo }: { readonly adopted: readonly BranchBlock[]; readonly upTo: bigint | null },
): Promise<ChangedStatuses> {
  const isAdopted = new Set<string>(adopted.map(({ stateHash }) => stateHash));
  const changed: Record<BranchStatus, string[]> = { orphaned: [], pending: [] };
  let after: BlockRef | null = null;
  for (;;) {
    const page: BranchBlock[] = await readBranchBlocks(target, { after, max: BLOCKS_PER_PAGE });
    const statuses = await readSourceStatuses(
      source,
      page.map(({ stateHash }) => stateHash),
    );
    for (const { stateHash, height, status } of page) {
      const now = statuses.get(stateHash);
      if (now === undefined || now === "canonical" || now === status) continue;
      if (isAdopted.has(stateHash) || (upTo !== null && height > upTo)) continue;
      if (now === "pending" && history !== "all") throw takenBack({ height, stateHash });
      changed[now].push(stateHash);
    }
    if (page.length < BLOCKS_PER_PAGE) return changed;
    after = page.at(-1)!;
    await load.pause();
  }
}

function takenBack({ height, stateHash }: BlockRef): SourceDataError {
  return new SourceDataError(
    `block ${stateHash} at height ${height} is pending in the source, and orphaned in the target: no archive ` +
      "node takes such a verdict back",
    { hint: "give the source that this target was migrated from, or run with --history all" },
  );
}

/** How many blocks beside the chain there are once all of this is done. */
export function countsAfter(
  before: BranchCounts,
  adopted: readonly BranchBlock[],
  { orphaned, pending }: ChangedStatuses,
): BranchCounts {
  const adoptedOf = (status: BranchStatus) =>
    adopted.filter((block) => block.status === status).length;
  const turned = orphaned.length - pending.length;
  return {
    orphaned: before.orphaned + turned - adoptedOf("orphaned"),
    pending: before.pending - turned - adoptedOf("pending"),
  };
}
