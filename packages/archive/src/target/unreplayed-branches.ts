// Blocks of the target that are beside its chain: what links them to the canonical block that their branch
// begins at, which is called its fork point, and which of them a replay has not recorded yet.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  type StateHash,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { HAS_COMMANDS, IS_RECORDED } from "./unreplayed-blocks.ts";

export interface BranchHeader extends BlockRef {
  /** Of the target. */
  readonly id: number;
  /** Of the target: a block of the same branch, or the fork point. */
  readonly parentId: number;
  readonly ledgerHash: LedgerHash;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** Of the parent. */
  readonly parentSlot: GlobalSlotSinceGenesis;
  /** The height of the canonical block that the branch begins at. */
  readonly forkHeight: bigint;
}

export interface BranchRange {
  /** Heights of fork points. */
  readonly from: bigint;
  readonly to: bigint;
  /** Fork points with more blocks than so many on their branches are left out. */
  readonly blocksMax?: number;
}

/** The branches that begin at those heights: by fork point, and each block after its parent. */
export async function readBranchHeaders(
  target: Session,
  { from, to, blocksMax = Number.MAX_SAFE_INTEGER }: BranchRange,
): Promise<BranchHeader[]> {
  const rows = await target.query<{
    id: number;
    parent_id: number;
    height: string;
    state_hash: StateHash;
    ledger_hash: LedgerHash;
    slot: string;
    parent_slot: string;
    fork_height: string;
  }>(
    `with recursive branch as (
       select b.id, b.parent_id, b.height, b.state_hash, b.ledger_hash,
              b.global_slot_since_genesis as slot, fork.global_slot_since_genesis as parent_slot,
              fork.height as fork_height, 1 as depth
       from blocks fork join blocks b on b.parent_id = fork.id
       where fork.height between $1 and $2 and fork.chain_status = 'canonical'
         and b.chain_status <> 'canonical'
       union all
       select b.id, b.parent_id, b.height, b.state_hash, b.ledger_hash,
              b.global_slot_since_genesis, branch.slot, branch.fork_height, branch.depth + 1
       from branch join blocks b on b.parent_id = branch.id
       where b.chain_status <> 'canonical'
     )
     select id, parent_id, height, state_hash, ledger_hash, slot, parent_slot, fork_height
     from (select *, count(*) over (partition by fork_height) as size from branch) sized
     where size <= $3 order by fork_height, depth, state_hash`,
    [from, to, blocksMax],
  );
  return rows.map((row) => ({
    id: row.id,
    parentId: row.parent_id,
    height: BigInt(row.height),
    stateHash: row.state_hash,
    ledgerHash: row.ledger_hash,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row.slot),
    parentSlot: parseGlobalSlotSinceGenesis(row.parent_slot),
    forkHeight: BigInt(row.fork_height),
  }));
}

/** Those of the blocks whose accounts are recorded, by their ids. */
export async function recordedBlocks(
  target: Session,
  blockIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await target.query<{ id: number }>(
    `select b.id from unnest($1::int[]) as b (id) where ${IS_RECORDED}`,
    [blockIds],
  );
  return new Set(rows.map(({ id }) => id));
}

export interface BranchesAbove {
  /** Whether a block beside the chain stands above the height at all. */
  readonly hasBlocks: boolean;
  /** Whether the accounts of one of them are recorded. */
  readonly hasRecorded: boolean;
}

export async function branchesAbove(target: Session, height: bigint): Promise<BranchesAbove> {
  const beside = "select from blocks b where b.height > $1 and b.chain_status <> 'canonical'";
  const [row] = await target.query<BranchesAbove>(
    `select exists (${beside}) as "hasBlocks", exists (${beside} and ${IS_RECORDED}) as "hasRecorded"`,
    [height],
  );
  return row!;
}

export interface UnreplayedBranches {
  /** Blocks beside the chain with commands whose accounts are not recorded. */
  readonly blocks: bigint;
  /** Heights of the lowest and the highest of their fork points; null when no way leads to a canonical block. */
  readonly firstFork: bigint | null;
  readonly lastFork: bigint | null;
  /** The lowest block from which no way leads to a canonical one; null when there is none. */
  readonly unlinked: BlockRef | null;
}

/**
 * What a replay of the branches has still to do, found by what is there: an orphan can come to a target long
 * after the chain beside it. Null when nothing is left.
 * @param forkUpTo the highest fork point that counts.
 */
export async function unreplayedBranchBlocks(
  target: Session,
  forkUpTo: bigint,
): Promise<UnreplayedBranches | null> {
  // Up from what is left to the fork points, where `union` meets a block of several branches once and ends
  // where parents go round in a circle; then down again, to say which block hangs on which fork point.
  const [row] = await target.query<{
    blocks: string;
    first: string | null;
    last: string | null;
    height: string | null;
    state_hash: StateHash | null;
  }>(
    `with recursive unreplayed as materialized (
       select b.id, b.parent_id, b.height, b.state_hash from blocks b
       where b.chain_status <> 'canonical' and ${HAS_COMMANDS} and not ${IS_RECORDED}
     ), up as (
       select parent_id as id from unreplayed
       union
       select b.parent_id from up join blocks b on b.id = up.id where b.chain_status <> 'canonical'
     ), down as (
       select b.id, fork.height as fork_height
       from up join blocks fork on fork.id = up.id join blocks b on b.parent_id = fork.id
       where fork.chain_status = 'canonical' and b.chain_status <> 'canonical'
       union all
       select b.id, down.fork_height from down join blocks b on b.parent_id = down.id
       where b.chain_status <> 'canonical'
     ), lowest_unlinked as (
       select height, state_hash from unreplayed
       where id not in (select id from down) order by height, state_hash limit 1
     )
     select count(*) as blocks, min(fork_height) as first, max(fork_height) as last,
            (select height from lowest_unlinked), (select state_hash from lowest_unlinked)
     from unreplayed left join down on down.id = unreplayed.id
     where down.id is null or fork_height <= $1`,
    [forkUpTo],
  );
  const { blocks, first, last, height, state_hash: stateHash } = row!;
  if (blocks === "0") return null;
  return {
    blocks: BigInt(blocks),
    firstFork: first === null ? null : BigInt(first),
    lastFork: last === null ? null : BigInt(last),
    unlinked: height === null ? null : { height: BigInt(height), stateHash: stateHash! },
  };
}
