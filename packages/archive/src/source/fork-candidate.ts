// What the source says of a block that may be the last before the fork: where it stands, how many blocks
// stand above it on the best chain, and whether users went on sending commands.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  parseGlobalSlotSinceGenesis,
  type StateHash,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import {
  chainBlockAt,
  chainCondition,
  findChain,
  highestTips,
  type SourceChain,
} from "./source-chain.ts";
import { blockRef, parseColumn, type RowOfBlock } from "./source-value.ts";

export interface ForkCandidate extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** Why the network has left its branch, as a sentence; null for a canonical block and for a pending descendant. */
  readonly left: string | null;
  /** The highest blocks of the source that are not orphaned: several where they tie. */
  readonly bestTips: readonly BlockRef[];
  /** Why none of these descends from it, as a sentence; null when one does, or is it. */
  readonly offBestChain: string | null;
  /** Those of the highest blocks that do without it, where another one descends from it: rivals of one height. */
  readonly rivals: readonly BlockRef[];
  /** Up to the best tips, none where there are rivals; null when it is not on the best chain. */
  readonly blocksAbove: bigint | null;
  /** The lowest block above it on the best chain with commands of users; null when there is none. */
  readonly commandsAbove: BlockWithCommands | null;
}

export interface BlockWithCommands extends BlockRef {
  /** User commands, failed ones too. */
  readonly userCommands: bigint;
}

/**
 * Null when the source does not have the block.
 * @param network the prefix of the block files that a refusal names.
 * @throws SourceDataError when the source has no canonical block, or a gap below this one.
 */
export async function readForkCandidate(
  source: Session,
  stateHash: StateHash,
  network: string,
): Promise<ForkCandidate | null> {
  const block = await blockOf(source, stateHash);
  if (block === null) return null;
  const chain = await findChain(source, stateHash, network);
  const bestTips = await highestTips(source);
  const best: SourceChain[] = [];
  const rivals: BlockRef[] = [];
  let off: string | null = null;
  for (const tip of bestTips) {
    const found = await bestChain(source, tip, network);
    if (!("off" in found) && (await isOn(source, found, block))) {
      best.push(found);
      continue;
    }
    rivals.push(tip);
    const stray = `the highest block ${tip.stateHash} at height ${tip.height} does not descend from it`;
    off ??= "off" in found ? found.off : stray;
  }
  const offBestChain = best.length === 0 ? off : null;
  const above = rivals.length === 0 ? bestTips[0]!.height - block.height : 0n;
  return {
    ...block,
    left: "left" in chain ? chain.left : null,
    bestTips,
    offBestChain,
    rivals: offBestChain === null ? rivals : [],
    blocksAbove: offBestChain === null ? above : null,
    commandsAbove: await lowestWithCommands(source, best, block.height),
  };
}

/**
 * The state hash of the block to which parent hashes lead down from another; null when they do not lead there.
 * A walk of its own, without regard for what the source calls canonical.
 */
export async function ancestorAt(
  source: Session,
  from: StateHash,
  height: bigint,
): Promise<string | null> {
  const [row] = await source.query<{ state_hash: string }>(
    `with recursive walk as (
       select state_hash, parent_hash, height from blocks where state_hash = $1
       union all
       select parent.state_hash, parent.parent_hash, parent.height
       from blocks parent join walk
         on parent.state_hash = walk.parent_hash and parent.height = walk.height - 1
       where walk.height > $2
     )
     select state_hash from walk where height = $2 limit 1`,
    [from, height],
  );
  return row?.state_hash ?? null;
}

async function blockOf(
  source: Session,
  stateHash: StateHash,
): Promise<Pick<ForkCandidate, "height" | "stateHash" | "globalSlotSinceGenesis"> | null> {
  const [row] = await source.query<RowOfBlock & { readonly global_slot_since_genesis: string }>(
    "select height, state_hash, global_slot_since_genesis from blocks where state_hash = $1",
    [stateHash],
  );
  if (row === undefined) return null;
  const slot = parseColumn(row, "global_slot_since_genesis", parseGlobalSlotSinceGenesis);
  return { ...blockRef(row), globalSlotSinceGenesis: slot };
}

/** A fault of the source above the block is no reason to refuse what ends below it: it is told of. */
async function bestChain(
  source: Session,
  tip: BlockRef,
  network: string,
): Promise<SourceChain | { readonly off: string }> {
  try {
    const found = await findChain(source, tip.stateHash, network);
    return "left" in found ? { off: found.left } : found;
  } catch (error) {
    if (error instanceof SourceDataError) return { off: error.message };
    throw error;
  }
}

async function isOn(source: Session, chain: SourceChain, block: BlockRef): Promise<boolean> {
  return (await chainBlockAt(source, chain, block.height))?.stateHash === block.stateHash;
}

/** The chains differ in their tails at most. */
async function lowestWithCommands(
  source: Session,
  chains: readonly SourceChain[],
  height: bigint,
): Promise<BlockWithCommands | null> {
  const [first] = chains;
  if (first === undefined) return null;
  const tails = chains.flatMap(({ tail }) => tail.map(({ stateHash }) => stateHash));
  const [row] = await source.query<RowOfBlock & { readonly commands: string }>(
    `select b.height, b.state_hash,
            (select count(*) from blocks_user_commands bc where bc.block_id = b.id) as commands
     from blocks b
     where ${chainCondition("b")} and b.height > $3
       and exists (select from blocks_user_commands bc where bc.block_id = b.id)
     order by b.height, b.state_hash limit 1`,
    [first.canonicalHeight, tails, height],
  );
  return row === undefined ? null : { ...blockRef(row), userCommands: BigInt(row.commands) };
}
