// Plans the walk along the block files that a migration without an archive begins with: what its places list, and
// how long it takes. A few beginnings of files are read, and nothing is written.

import { readStageRate } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { BlockLink, BlockSources, ChainPlaces } from "@forklift/precomputed";
import { dateText, MS_PER_SECOND } from "@forklift/system";
import { firstHeight, PICK_STAGE, type Picking } from "../origin/picked-chain.ts";
import { PICK_BLOCKS_PER_SECOND, PICK_RATE_ORIGIN } from "../preflight/estimates.ts";

/** Links that are read one by one, to see how long one takes. */
const LINKS_TIMED = 8;

const GENESIS_HEIGHT = 1n;

/** A place that a plan does not look into, and why. */
export interface UnseenPlace {
  readonly url: string;
  readonly remark: string;
}

export interface PlannedPlace {
  readonly url: string;
  /** Whether its names are listed; else it is asked for one block after the other. */
  readonly isListed: boolean;
  /** Of the whole place, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Why the plan has not looked into it; else null. */
  readonly remark: string | null;
}

export interface WalkPlan {
  readonly places: readonly PlannedPlace[];
  /** Blocks that the walk goes down by. */
  readonly blocks: number;
  /** Heights among them that no name claims; null where not every name is known. */
  readonly heightsWithoutFile: number | null;
  /** Files whose names claim those heights, and bytes of one at each; null where none is known. */
  readonly files: number | null;
  readonly bytes: number | null;
  /** Files of heights up to the tip, less one at each: those of blocks beside the chain, if all are there. */
  readonly filesBeside: number;
  readonly ms: number;
  readonly blocksPerSecond: number;
  /** Where the rate comes from. */
  readonly measured: string;
}

export interface WalkContext {
  readonly blocks: BlockSources;
  readonly unseen: readonly UnseenPlace[];
  readonly now: () => number;
  /** Null before there is an archive. */
  readonly target: Session | null;
}

/** @throws SourceDataError when no place has the tip, or a block right below it. */
export async function planWalk(context: WalkContext, picking: Picking): Promise<WalkPlan> {
  const { blocks, unseen } = context;
  const { tip } = picking;
  const below = firstHeight(picking) - 1n;
  const count = tip.height > below ? Number(tip.height - below) : 0;
  const places = await blocks.places();
  const range = places.range(below, tip.height);
  const beside = places.range(GENESIS_HEIGHT, tip.height);
  const knowsAll = unseen.length === 0 && places.places.every(({ canList }) => canList);
  return {
    places: [
      ...places.places.map(({ url, canList, files, bytes }) => {
        return { url, isListed: canList, files, bytes, remark: null };
      }),
      ...unseen.map((place) => ({ ...place, isListed: false, files: 0, bytes: 0 })),
    ],
    blocks: count,
    heightsWithoutFile:
      knowsAll && places.withoutHeight().length === 0 ? count - range.heights : null,
    files: places.canList ? range.files : null,
    bytes: places.canList ? range.chainBytes : null,
    filesBeside: beside.files - beside.heights,
    ...(await timeOf(context, places, { tip, count })),
  };
}

type Rate = Pick<WalkPlan, "ms" | "blocksPerSecond" | "measured">;

async function timeOf(
  { blocks, now, target }: WalkContext,
  { canList }: ChainPlaces,
  { tip, count }: { readonly tip: BlockRef; readonly count: number },
): Promise<Rate> {
  const earlier = target === null ? null : await readStageRate(target, PICK_STAGE);
  if (earlier !== null) {
    const perSecond = (earlier.units * MS_PER_SECOND) / Math.max(earlier.elapsedMs, 1);
    const when = dateText(earlier.measuredAt);
    return rateOf(count, perSecond, `this target, ${earlier.units} blocks, ${when}`);
  }
  if (canList || count === 0) return rateOf(count, PICK_BLOCKS_PER_SECOND, PICK_RATE_ORIGIN);
  const { read, elapsedMs } = await timedLinks(blocks, { tip, count, now });
  const perSecond = (read * MS_PER_SECOND) / Math.max(elapsedMs, 1);
  return rateOf(
    count,
    perSecond,
    `one by one, as no place can be listed; ${read} blocks in ${Math.round(elapsedMs)} ms`,
  );
}

function rateOf(count: number, perSecond: number, measured: string): Rate {
  return {
    ms: Math.round((count / perSecond) * MS_PER_SECOND),
    blocksPerSecond: Math.round(perSecond * 10) / 10,
    measured,
  };
}

interface Timed {
  readonly tip: BlockRef;
  readonly count: number;
  readonly now: () => number;
}

async function timedLinks(blocks: BlockSources, { tip, count, now }: Timed) {
  let at: BlockRef = tip;
  // The first one finds out under which names the place has its files.
  const read = Math.min(LINKS_TIMED, count);
  let startedMs = now();
  for (let link = 0; link < read; link++) {
    const { height, parentHash }: BlockLink = await blocks.fetchLink(at);
    at = { height: height - 1n, stateHash: parentHash };
    if (link === 0 && read > 1) startedMs = now();
  }
  return { read: Math.max(read - 1, 1), elapsedMs: now() - startedMs };
}
