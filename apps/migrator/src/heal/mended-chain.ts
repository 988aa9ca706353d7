// The chain of a damaged source: from its tip down by the links of the source as long as these are those of a sound
// chain, and by those of the block files where they are not: a block missing, a wrong parent, height or status.

import {
  chainBlockAt,
  highestCanonical,
  highestTips,
  type SourceChain,
  type SourceLink,
  type StopPoint,
  sourceHeightOf,
} from "@forklift/archive";
import { type BlockRef, least, type StateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { ArchiveContext } from "../context.ts";
import { LinksBelow } from "./links-below.ts";

export type MendingTools = Pick<ArchiveContext, "source" | "network" | "blocks" | "history">;

/** Blocks of the chain that are not as the source has them; each takes some 200 bytes. */
const MENDED_MAX = 100_000;

const GENESIS_HEIGHT = 1n;

/**
 * As `selectChain` chooses it in a source that is whole. A source that goes on for longer above its canonical chain
 * than it takes to make a block canonical ends where it would if nothing were damaged.
 * @throws SourceDataError as `selectChain`, and for a link that no block file shows.
 */
export async function mendedChain(tools: MendingTools, stop: StopPoint): Promise<SourceChain> {
  const { source } = tools;
  const canonical = await highestCanonical(source);
  const { tops, height, stalledAt, expected } = await endOf(tools, stop, canonical);
  const walked: WalkedChain[] = [];
  for (const top of tops) {
    const found = await chainDownFrom(tools, top, canonical.height);
    await requireOn(tools, found.chain, canonical);
    walked.push(found);
  }
  const isStalled = walked.some(({ isTailWhole }) => !isTailWhole);
  const chains: SourceChain[] = [];
  for (const { chain } of walked) {
    chains.push(await cutAt(tools, chain, isStalled ? (stalledAt ?? height) : height));
  }
  const [chosen, ...others] = chains;
  for (const { tip } of [...others, { tip: expected ?? chosen!.tip }]) {
    if (tip.stateHash !== chosen!.tip.stateHash) throw twoChains(chosen!.tip, tip);
  }
  return chosen!;
}

interface End {
  /** Of whose chains one ends there; they must be one up to it. */
  readonly tops: readonly BlockRef[];
  readonly height: bigint;
  /** Where it ends if something keeps the blocks above from becoming canonical; null: where it ends anyway. */
  readonly stalledAt: bigint | null;
  /** Null where no block is named. */
  readonly expected: BlockRef | null;
}

async function endOf(
  tools: MendingTools,
  { forkStateHash, stopAtHeight }: StopPoint,
  canonical: BlockRef,
): Promise<End> {
  const { source, network } = tools;
  if (forkStateHash !== null) {
    const height = stopAtHeight ?? (await heightOf(tools, forkStateHash));
    const expected = { height, stateHash: forkStateHash };
    const top = height < canonical.height ? canonical : expected;
    return { tops: [top], height, stalledAt: null, expected };
  }
  const tips = await highestTips(source);
  const highest = tips[0]?.height ?? canonical.height;
  const { k } = network.genesis.protocolState.body.constants;
  const mayStall = stopAtHeight === null && highest - canonical.height > k;
  const height = stopAtHeight ?? canonical.height;
  if (height > highest || height < GENESIS_HEIGHT) {
    throw new SourceDataError(
      `the source ends at height ${highest}, --stop-at-height says ${height}`,
      { hint: "wait until the archive node has received the block, or choose another height" },
    );
  }
  const tops = mayStall || height > canonical.height ? tips : [canonical];
  return { tops, height, stalledAt: mayStall ? highest - k : null, expected: null };
}

/** The height of a block that the source may lack; that of the last pre-fork block the preset knows. */
async function heightOf({ source, network }: MendingTools, stateHash: StateHash): Promise<bigint> {
  const { lastPreForkBlock } = network;
  if (lastPreForkBlock?.stateHash === stateHash) return lastPreForkBlock.height;
  const height = await sourceHeightOf(source, stateHash);
  if (height !== null) return height;
  throw new SourceDataError(`the source has no block ${stateHash}`, {
    hint: "check the hash; if it is right, give its height as well, with --stop-at-height, and its file is asked for",
  });
}

interface WalkedChain {
  readonly chain: SourceChain;
  /** Whether the blocks above the canonical ones are there, each waiting for its verdict. */
  readonly isTailWhole: boolean;
}

async function chainDownFrom(
  tools: MendingTools,
  top: BlockRef,
  canonicalHeight: bigint,
): Promise<WalkedChain> {
  const { source, network } = tools;
  const mended = new Map<bigint, BlockRef>();
  const links = new LinksBelow(source, top.height);
  let at = top;
  let isTailWhole = true;
  for (;;) {
    const here = await links.at(at.height);
    requireNoRival(tools, at, here);
    if (!isSound(at, here)) mended.set(at.height, at);
    if (mended.size > MENDED_MAX) throw tooDamaged(top);
    if (at.height === GENESIS_HEIGHT) break;
    const below = await links.at(at.height - 1n);
    const claimed = claimedParent(at, { here, below, canonicalHeight });
    if (at.height > canonicalHeight && claimed === null) isTailWhole = false;
    const stateHash = claimed ?? (await tools.blocks.fetch(at)).protocolState.previousStateHash;
    at = { height: at.height - 1n, stateHash };
  }
  if (at.stateHash !== network.genesis.stateHash) throw otherGenesis(top, at, network);
  const tail = [...mended.values()].reverse();
  const below = least(canonicalHeight, top.height);
  return { chain: { tip: top, canonicalHeight: below, tail, mended }, isTailWhole };
}

/** One row for the block, and it alone canonical. */
function isSound({ stateHash }: BlockRef, here: readonly SourceLink[]): boolean {
  const own = here.filter((row) => row.stateHash === stateHash);
  const canonical = here.filter(({ status }) => status === "canonical");
  return own.length === 1 && canonical.length === 1 && canonical[0] === own[0];
}

interface Around {
  readonly here: readonly SourceLink[];
  readonly below: readonly SourceLink[];
  readonly canonicalHeight: bigint;
}

/**
 * The parent that the source names, where its rows are those of a sound chain: on the canonical one, or in a tail
 * without a verdict. Null asks the block's file. The copy compares each parent with the file in any case.
 */
function claimedParent(at: BlockRef, { here, below, canonicalHeight }: Around): StateHash | null {
  const own = here.filter(({ stateHash }) => stateHash === at.stateHash);
  const [row] = own;
  if (row === undefined || own.length > 1 || row.parentHash === null) return null;
  const parent = { height: at.height - 1n, stateHash: row.parentHash as StateHash };
  if (isSound(parent, below) && (isSound(at, here) || at.height > canonicalHeight)) {
    return parent.stateHash;
  }
  const named = below.filter(({ stateHash }) => stateHash === parent.stateHash);
  const isUndecided = named.length === 1 && (named[0]!.status ?? "pending") === "pending";
  return isUndecided && parent.height > canonicalHeight ? parent.stateHash : null;
}

/** Beside the chain it may have been orphaned or may never have been one of the network's: nothing says which. */
function requireNoRival(
  { history = "canonical" }: MendingTools,
  { height, stateHash }: BlockRef,
  here: readonly SourceLink[],
): void {
  if (history === "canonical") return;
  const rival = here.find((row) => row.status === "canonical" && row.stateHash !== stateHash);
  if (rival === undefined) return;
  throw new SourceDataError(
    `the source calls ${rival.stateHash} at height ${height} canonical beside ${stateHash}, and no block file says ` +
      "what became of it",
    { hint: "set its chain_status right in the source, or run with --history canonical" },
  );
}

/** The source's own canonical chain is part of a chain that ends above it. */
async function requireOn(
  { source }: MendingTools,
  chain: SourceChain,
  canonical: BlockRef,
): Promise<void> {
  if (canonical.height > chain.tip.height) return;
  const found = await chainBlockAt(source, chain, canonical.height);
  if (found!.stateHash === canonical.stateHash) return;
  throw new SourceDataError(
    `the chain to ${chain.tip.stateHash} at height ${chain.tip.height} passes through ${found!.stateHash} at height ` +
      `${canonical.height}, where the highest canonical block of the source is ${canonical.stateHash}`,
    { hint: "the network has left this branch; check the hash" },
  );
}

async function cutAt(
  { source }: MendingTools,
  chain: SourceChain,
  height: bigint,
): Promise<SourceChain> {
  const tip = await chainBlockAt(source, chain, height);
  const tail = chain.tail.filter((block) => block.height <= height);
  return {
    tip: tip!,
    canonicalHeight: least(chain.canonicalHeight, height),
    tail,
    mended: new Map(tail.map((block) => [block.height, block])),
  };
}

function twoChains(chosen: BlockRef, other: BlockRef): SourceDataError {
  return new SourceDataError(
    `two chains of the source differ at height ${chosen.height}: one has ${chosen.stateHash}, the other ` +
      `${other.stateHash}`,
    {
      hint: "check the hash that was given, or name the block that the chain ends with by --fork-state-hash",
    },
  );
}

function tooDamaged({ stateHash, height }: BlockRef): SourceDataError {
  return new SourceDataError(
    `of the chain to ${stateHash} at height ${height} the source lacks more than ${MENDED_MAX} blocks, or calls them ` +
      "something else",
    { hint: "give another dump of the network's archive as source" },
  );
}

function otherGenesis(
  top: BlockRef,
  found: BlockRef,
  { name, genesis }: MendingTools["network"],
): SourceDataError {
  return new SourceDataError(
    `the chain to ${top.stateHash} at height ${top.height} begins with ${found.stateHash}, ${name} with ` +
      genesis.stateHash,
    { hint: `give an archive and blocks of ${name}` },
  );
}
