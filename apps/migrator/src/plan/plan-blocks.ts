// Plans which source the precomputed blocks of a range would come from: every block source is
// listed or probed, cheaply, and each block is assigned to the first source that has it.

import { type BlockRef, blockFileName } from "@forklift/chain";
import { ForkliftError } from "@forklift/pipeline";

/** A source of precomputed blocks, as a plan queries it; a run fetches from the same URL. */
export interface SourceProbe {
  /** For people: credentials are masked. */
  readonly url: string;
  /**
   * Bytes of every block file of the network by state hash; null where a source cannot be listed, or
   * only in minutes.
   */
  list(): Promise<ReadonlyMap<string, number> | null>;
  /** Fetches and verifies the block; its bytes, or null when the source does not have it. */
  probe(block: BlockRef): Promise<number | null>;
  /** Why it is not even probed where it cannot be listed, such as a remote archive; else null. */
  readonly notAsked: string | null;
  /** Room on the disk that reading from it takes; null: none. */
  space?(): Promise<SourcePlan["space"]>;
}

/** Number of blocks that a source is probed for when it cannot be listed, spread over the range. */
const PROBED_MAX = 16;

export interface SourcePlan {
  readonly url: string;
  /** `probed` and `not asked` make the counts estimates. */
  readonly asked: "listed" | "probed" | "not asked" | "away";
  /** Number of blocks that it was probed for, and number of those that it has. */
  readonly askedCount: number;
  readonly foundCount: number;
  /** Blocks that would come from here: those that it has and no source before it. */
  readonly blockCount: number;
  /** Bytes of those; null when unknown. */
  readonly bytes: number | null;
  /** First and last heights of the runs of those blocks, where the source was listed. */
  readonly heights: readonly (readonly [first: number, last: number])[] | null;
  /** Why it was not queried, or could not be; else null. */
  readonly remark: string | null;
  /** Room that reading from it takes, beside the target; null: none. */
  readonly space: { readonly bytes: number | null; readonly folder: string } | null;
}

export interface BlocksPlan {
  readonly neededCount: number;
  /** Of each source, in the order in which they are read. */
  readonly places: readonly SourcePlan[];
  /** Number of blocks that no source has; null when a source could not be queried. */
  readonly missingCount: number | null;
  /** Whether every source was listed, or probed for every block. */
  readonly isExact: boolean;
  /** Names of the missing files; none unless it is known of each that no source has it. */
  readonly missing: readonly string[];
}

/** Reads only. A source that cannot be reached is reported, and is no error. */
export async function planBlocks(
  needed: readonly BlockRef[],
  probes: readonly SourceProbe[],
  network: string,
): Promise<BlocksPlan> {
  let open = needed;
  let hasUnasked = false;
  let isExact = true;
  /** Open blocks that sources which were only probed are expected to have. */
  let expected = 0;
  const plans: SourcePlan[] = [];
  for (const probe of probes) {
    const { plan, left, isKnown } = await planSource(probe, open);
    plans.push(await withSpace(probe, plan));
    open = left;
    if (isKnown) continue;
    isExact = false;
    expected += plan.blockCount;
    if (plan.asked !== "probed") hasUnasked = true;
  }
  const isMissing = !hasUnasked && expected === 0;
  return {
    neededCount: needed.length,
    places: plans,
    missingCount: hasUnasked && open.length > 0 ? null : Math.max(0, open.length - expected),
    isExact,
    missing: isMissing ? open.map((id) => blockFileName({ network, ...id })) : [],
  };
}

/** Nothing is read from a source that is known to have none of the blocks, or that is away. */
async function withSpace(probe: SourceProbe, plan: Asked["plan"]): Promise<SourcePlan> {
  const { asked, remark, blockCount } = plan;
  const isRead = asked === "not asked" ? remark === probe.notAsked : blockCount > 0;
  if (!isRead) return { ...plan, space: null };
  try {
    return { ...plan, space: (await probe.space?.()) ?? null };
  } catch (error) {
    if (!(error instanceof ForkliftError)) throw error;
    return { ...plan, asked: "away", remark: error.message, space: null };
  }
}

interface Asked {
  readonly plan: Omit<SourcePlan, "space">;
  /** Blocks that the next sources are queried for. */
  readonly left: readonly BlockRef[];
  /** Whether `left` is all that is left. */
  readonly isKnown: boolean;
}

async function planSource(probe: SourceProbe, open: readonly BlockRef[]): Promise<Asked> {
  const { url, notAsked } = probe;
  const nothing = { url, askedCount: 0, foundCount: 0, blockCount: 0, bytes: null, heights: null };
  if (open.length === 0) {
    const plan = { ...nothing, asked: "not asked", remark: "no block is left to query" } as const;
    return { plan, left: open, isKnown: true };
  }
  try {
    const files = await probe.list();
    if (files !== null) return fromListing(url, files, open);
    if (notAsked === null) return await probeSource(probe, open);
    const plan = { ...nothing, asked: "not asked", remark: notAsked } as const;
    return { plan, left: open, isKnown: false };
  } catch (error) {
    if (!(error instanceof ForkliftError)) throw error;
    const plan = { ...nothing, asked: "away", remark: error.message } as const;
    return { plan, left: open, isKnown: false };
  }
}

function fromListing(
  url: string,
  files: ReadonlyMap<string, number>,
  open: readonly BlockRef[],
): Asked {
  const here = open.filter(({ stateHash }) => files.has(stateHash));
  const bytes = here.reduce((sum, { stateHash }) => sum + files.get(stateHash)!, 0);
  const plan = {
    url,
    asked: "listed",
    askedCount: open.length,
    foundCount: here.length,
    blockCount: here.length,
    bytes,
    heights: runsOf(here.map(({ height }) => Number(height))),
    remark: null,
  } as const;
  return { plan, left: open.filter(({ stateHash }) => !files.has(stateHash)), isKnown: true };
}

async function probeSource(probe: SourceProbe, open: readonly BlockRef[]): Promise<Asked> {
  const sample = spread(open, PROBED_MAX);
  // One after the other: a plan is no load test.
  const sizes: (number | null)[] = [];
  for (const block of sample) sizes.push(await probe.probe(block));
  const found = sizes.filter((bytes) => bytes !== null);
  const isAll = sample.length === open.length;
  const blockCount = Math.round((open.length * found.length) / sample.length);
  const average =
    found.length === 0 ? null : found.reduce((sum, bytes) => sum + bytes, 0) / found.length;
  const plan = {
    url: probe.url,
    asked: "probed",
    askedCount: sample.length,
    foundCount: found.length,
    blockCount,
    bytes: average === null ? null : Math.round(average * blockCount),
    heights: null,
    remark: isAll ? null : `${found.length} of ${sample.length} probed blocks are there`,
  } as const;
  const isHere = new Set(sample.filter((_, at) => sizes[at] !== null));
  return {
    plan,
    left: isAll ? open.filter((block) => !isHere.has(block)) : open,
    isKnown: isAll,
  };
}

/** At most `count` of them, evenly spread, the first and the last among them. Pure. */
export function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  const step = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, at) => items[Math.round(at * step)]!);
}

/** [2, 3, 4, 9] → [[2, 4], [9, 9]]; the heights ascend. Pure. */
export function runsOf(heights: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const height of heights) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === height - 1) run[1] = height;
    else runs.push([height, height]);
  }
  return runs;
}
