// The blocks of branches as the places of block files list them. Names are claims: what a file is, and which block it
// stands on, is known once it is read.

import { type BranchPlace, type BranchRef, stateHashesInTarget } from "@forklift/archive";
import { type BlockRef, least } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { VerifiedBlock } from "@forklift/precomputed";
import { groundsToDraw } from "../blocks/copy-grounds.ts";
import { blockOfFile } from "../blocks/merge-block.ts";
import { requireSameGenesis } from "../blocks/same-genesis.ts";
import { wantedFile } from "../blocks/wanted-file.ts";
import type { MigratorContext } from "../context.ts";
import { inForm } from "../form/output-form.ts";
import {
  type BranchOrigin,
  type BranchPage,
  firstWithAbsent,
  type MergedBranches,
} from "./branch-pages.ts";
import type { MergedBranchBlock } from "./merge-branches.ts";
import { type NamelessHeights, namelessHeights } from "./nameless-heights.ts";

/** Blocks of a page, of which two are in memory; one more height may come on top. */
const BLOCKS_PER_PAGE = 100;

/** Heights of a page, where names are rare. */
const HEIGHTS_PER_PAGE = 1_000n;

/** The genesis block has no file, and nothing stands beside it. */
const GENESIS_HEIGHT = 1n;

interface ListedPage extends BranchPage {
  readonly absent: readonly BlockRef[];
}

/** Beside a chain that the target holds, up to the height of its tip: the network has left all of them. */
export function fileBranches(context: MigratorContext, tip: BlockRef): BranchOrigin {
  let nameless: NamelessHeights | null = null;
  const next = async (after: BranchPlace | null) => {
    nameless ??= await namelessHeights(context);
    const listing = { ...context, nameless, tip };
    return await firstWithAbsent(after, (place) => readPage(listing, place));
  };
  return {
    hasAbsent: async () => (await next(null)).absent.length > 0,
    async begin(after) {
      const { absent, ...page } = await next(after);
      return { ...page, merging: mergeFiles(context, absent) };
    },
  };
}

interface Listing extends Pick<MigratorContext, "blocks" | "target"> {
  readonly nameless: NamelessHeights;
  readonly tip: BlockRef;
}

async function readPage(
  { blocks, target, nameless, tip }: Listing,
  after: BranchPlace | null,
): Promise<ListedPage> {
  const places = await blocks.places();
  const listed: BlockRef[] = [];
  const above = after?.height ?? GENESIS_HEIGHT;
  const end = least(above + HEIGHTS_PER_PAGE, tip.height);
  let height = above;
  while (height < end && listed.length < BLOCKS_PER_PAGE) {
    height++;
    const hashes = new Set([...places.candidates(height), ...(nameless.get(height) ?? [])]);
    for (const stateHash of hashes) listed.push({ height, stateHash });
  }
  const hashes = listed.map(({ stateHash }) => stateHash);
  const present = new Set<string>(await stateHashesInTarget(target, hashes));
  return {
    absent: listed.filter(({ stateHash }) => !present.has(stateHash)),
    last: { height, stateHash: "" },
    count: listed.length,
    isLast: height >= tip.height,
  };
}

async function mergeFiles(
  context: MigratorContext,
  absent: readonly BlockRef[],
): Promise<MergedBranches> {
  const draw = groundsToDraw(context);
  const proven = context.blocks.fetchEach(absent.map((block) => wantedFile(block, draw())));
  const refs: BranchRef[] = [];
  const merged: MergedBranchBlock[] = [];
  for (const block of absent) {
    const { value } = await proven.next();
    if (value === undefined) throw new Error("a fetched block is not there");
    const read = value instanceof SourceDataError ? value : mergeOrRefuse(context, value);
    const isRefused = read instanceof SourceDataError;
    merged.push(isRefused ? { ...block, cause: "file", reason: read.message } : read);
    refs.push(refOf(block, isRefused ? "" : read.parentHash));
  }
  return { absent: refs, merged };
}

function mergeOrRefuse({ network, form }: MigratorContext, block: VerifiedBlock) {
  try {
    requireSameGenesis(block, block, network);
    return inForm(blockOfFile(block, "orphaned"), form);
  } catch (error) {
    if (error instanceof SourceDataError) return error;
    throw error;
  }
}

/** The hashed state says at which height its parent stands; whether that is migrated, its own file says. */
function refOf({ height, stateHash }: BlockRef, parentHash: string): BranchRef {
  return {
    ...{ height, stateHash, parentHash },
    status: "orphaned",
    parentHeight: height - 1n,
    parentIs: "neither",
  };
}
