// Chooses a chain by its links alone, from block files: down from its tip, each parent proven by the
// hash of its child's protocol state.

import type { BlockRef } from "@forklift/chain";
import { hashProtocolStates } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import type { BlockSources } from "../block-sources.ts";
import { type BlockLink, linkOf } from "../links/block-link.ts";
import { type Claim, LinksAhead, type PickStatistics } from "./links-ahead.ts";

export interface PickRange {
  readonly tip: BlockRef;
  /** The block that the walk ends above; null ends it above the genesis block. */
  readonly downTo: BlockRef | null;
  /** The network's, at height 1. */
  readonly genesis: BlockRef;
  /** The prefix of block files. */
  readonly network: string;
  /** Is told what was read, when the walk ends or is left. */
  readonly onEnd?: (statistics: PickStatistics) => void;
}

/**
 * The chain in descending height, from the tip to the one above `downTo`. Of each file only the
 * beginning is read where that is enough. Whether the chain holds `downTo` is said when the caller asks on after
 * its lowest block.
 * @throws SourceDataError for a block that no source has, which names its file; for a tip of another
 * network; for a chain that does not hold `downTo`. TryAgainError when a source could not be reached.
 */
export async function* pickChain(
  sources: BlockSources,
  { tip, downTo, genesis, network, onEnd }: PickRange,
): AsyncGenerator<BlockLink> {
  const floor = downTo ?? genesis;
  if (tip.height <= floor.height) {
    requireSame(tip, floor);
    return;
  }
  const places = await sources.places();
  const below = { floor: floor.height, top: tip.height };
  const ahead = new LinksAhead(sources, places, below);
  try {
    let lowest: BlockLink | null = null;
    for await (const link of provenLinks(sources, ahead, { tip, floor: floor.height })) {
      if (link.height === tip.height) requireNetwork(link, genesis, network);
      yield link;
      lowest = link;
    }
    if (lowest === null || lowest.parentHash === floor.stateHash) return;
    throw downTo === null ? otherGenesis(lowest, genesis, network) : parted(lowest, tip, downTo);
  } finally {
    await ahead.end();
    onEnd?.(ahead.statistics());
  }
}

/**
 * Links are believed for as long as it takes to gather so many, each that of the parent which the one before claims;
 * then they are hashed side by side, which is faster, and what comes behind a wrong one is nothing.
 */
const CLAIMS_AT_ONCE = 16;

async function* provenLinks(
  sources: BlockSources,
  ahead: LinksAhead,
  { tip, floor }: { readonly tip: BlockRef; readonly floor: bigint },
): AsyncGenerator<BlockLink> {
  for (let at = tip; at.height > floor; ) {
    const claims = await claimsDown(ahead, at, floor);
    let links = proven(claims);
    if (links.length === 0) links = [await linkWithoutClaim(sources, at, claims.length > 0)];
    for (const link of links) {
      ahead.pass(link);
      yield link;
      at = parentOf(link);
    }
  }
}

/** From the next file that has another beginning, else from a whole one. */
async function linkWithoutClaim(
  sources: BlockSources,
  id: BlockRef,
  isClaimWrong: boolean,
): Promise<BlockLink> {
  if (isClaimWrong) return await sources.fetchLink(id);
  return linkOf((await sources.fetch(id)).protocolState, id.stateHash);
}

async function claimsDown(ahead: LinksAhead, from: BlockRef, floor: bigint): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (let at = from; claims.length < CLAIMS_AT_ONCE && at.height > floor; ) {
    const claim = await ahead.claimOf(at);
    if (claim === null) break;
    claims.push(claim);
    at = parentOf(claim.link);
  }
  return claims;
}

/** As far as each state hashes to its block. */
function proven(claims: readonly Claim[]): BlockLink[] {
  const states = claims.flatMap(({ state }) => state ?? []);
  const hashes = hashProtocolStates(states);
  let hashed = 0;
  const wrong = claims.findIndex(
    ({ link, state }) => state !== null && hashes[hashed++] !== link.stateHash,
  );
  return claims.slice(0, wrong === -1 ? claims.length : wrong).map(({ link }) => link);
}

function parentOf({ height, parentHash }: BlockLink): BlockRef {
  return { height: height - 1n, stateHash: parentHash };
}

/** @throws SourceDataError unless there is nothing to walk. */
function requireSame(tip: BlockRef, floor: BlockRef): void {
  if (tip.height === floor.height && tip.stateHash === floor.stateHash) return;
  throw new SourceDataError(
    `block ${tip.stateHash} at height ${tip.height} is not above block ${floor.stateHash} at ` +
      `height ${floor.height}`,
    { hint: "name a block above it, or start again from an empty target" },
  );
}

function requireNetwork(link: BlockLink, genesis: BlockRef, network: string): void {
  if (link.genesisStateHash === genesis.stateHash) return;
  throw new SourceDataError(
    `block ${link.stateHash} at height ${link.height} is of the network that begins with ` +
      `${link.genesisStateHash}, but ${network} begins with ${genesis.stateHash}`,
    { hint: "give blocks of that network, or the preset of the network that these are of" },
  );
}

function otherGenesis(link: BlockLink, genesis: BlockRef, network: string): SourceDataError {
  return new SourceDataError(
    `the parent of block ${link.stateHash} at height ${link.height} is ${link.parentHash}, but ` +
      `${network} begins with ${genesis.stateHash}`,
    { hint: "name the last block of a chain that begins with the network's genesis block" },
  );
}

function parted(link: BlockLink, tip: BlockRef, downTo: BlockRef): SourceDataError {
  return new SourceDataError(
    `the chain of block ${tip.stateHash} has block ${link.parentHash} at height ${downTo.height}, ` +
      `where ${downTo.stateHash} is expected`,
    { hint: "name a block of the same chain, or start again from an empty target" },
  );
}
