// The blocks of the target beside its chain: orphaned and pending ones, which a complete history holds.

import type { BlockRef, BranchStatus, ChainStatus } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { IS_RECORDED } from "./unreplayed-blocks.ts";

export interface BranchBlock extends BlockRef {
  readonly status: BranchStatus;
}

interface Row {
  readonly height: string;
  readonly state_hash: BlockRef["stateHash"];
  readonly status: BranchStatus;
}

/** Those after a place, by height and state hash; null begins with the lowest. */
export async function readBranchBlocks(
  target: Session,
  { after, max }: { readonly after: BlockRef | null; readonly max: number },
): Promise<BranchBlock[]> {
  const rows = await target.query<Row>(
    `select height, state_hash, chain_status::text as status from blocks
     where chain_status <> 'canonical' and (height, state_hash) > ($1, $2)
     order by height, state_hash limit $3`,
    [after?.height ?? 0n, after?.stateHash ?? "", max],
  );
  return rows.map(branchBlockOf);
}

/** Those of the state hashes that are blocks beside the chain. */
export async function branchBlocksAmong(
  target: Session,
  stateHashes: readonly string[],
): Promise<BranchBlock[]> {
  const rows = await target.query<Row>(
    `select height, state_hash, chain_status::text as status from blocks
     where chain_status <> 'canonical' and state_hash = any($1)`,
    [stateHashes],
  );
  return rows.map(branchBlockOf);
}

/** The lowest block beside the chain of one of those statuses; null where there is none. */
export async function findBranchBlock(
  target: Session,
  statuses: readonly BranchStatus[],
): Promise<BranchBlock | null> {
  const [row] = await target.query<Row>(
    `select height, state_hash, chain_status::text as status from blocks
     where chain_status::text = any($1) order by height, state_hash limit 1`,
    [statuses],
  );
  return row === undefined ? null : branchBlockOf(row);
}

/** The lowest block beside the chain that stands above a height; null where there is none. */
export async function findBranchBlockAbove(
  target: Session,
  height: bigint,
): Promise<BranchBlock | null> {
  const [row] = await target.query<Row>(
    `select height, state_hash, chain_status::text as status from blocks
     where chain_status <> 'canonical' and height > $1 order by height, state_hash limit 1`,
    [height],
  );
  return row === undefined ? null : branchBlockOf(row);
}

function branchBlockOf({ height, state_hash, status }: Row): BranchBlock {
  return { height: BigInt(height), stateHash: state_hash, status };
}

/** The caller owns the transaction. Returns the number of blocks. */
export async function setChainStatus(
  target: Session,
  status: ChainStatus,
  stateHashes: readonly string[],
): Promise<number> {
  const changed = await target.query(
    "update blocks set chain_status = $1 where state_hash = any($2) and chain_status <> $1 returning 1",
    [status, stateHashes],
  );
  return changed.length;
}

/** Those of the state hashes whose accounts a replay has recorded. */
export async function recordedAmong(
  target: Session,
  stateHashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await target.query<{ state_hash: string }>(
    `select b.state_hash from blocks b where b.state_hash = any($1) and ${IS_RECORDED}`,
    [stateHashes],
  );
  return new Set(rows.map(({ state_hash }) => state_hash));
}

/** Number of blocks beside the chain. */
export interface BranchCounts {
  readonly orphaned: number;
  readonly pending: number;
}

/** @param upTo default: of any height. */
export async function countBranchBlocks(target: Session, upTo?: bigint): Promise<BranchCounts> {
  const [row] = await target.query<Record<keyof BranchCounts, string>>(
    `select count(*) filter (where chain_status = 'orphaned') as orphaned,
            count(*) filter (where chain_status = 'pending') as pending
     from blocks where chain_status <> 'canonical' and ($1::bigint is null or height <= $1)`,
    [upTo ?? null],
  );
  return { orphaned: Number(row!.orphaned), pending: Number(row!.pending) };
}

/** How many blocks beside the chain parent ids lead to from it, upwards, as long as heights ascend by one. */
export async function walkBranches(target: Session): Promise<string> {
  const [row] = await target.query<{ reached: string }>(
    `with recursive walk as (
       select root.id, root.height
       from blocks root join blocks parent on parent.id = root.parent_id
       where root.chain_status <> 'canonical' and parent.chain_status = 'canonical'
         and parent.height = root.height - 1 and parent.state_hash = root.parent_hash
       union all
       select child.id, child.height
       from blocks child join walk
         on child.parent_id = walk.id and child.height = walk.height + 1
       where child.chain_status <> 'canonical'
     )
     select count(*) as reached from walk`,
  );
  return row!.reached;
}
