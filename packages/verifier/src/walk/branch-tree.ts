// The blocks of the chain at some heights, and the branches that leave it there. A branch is followed by parent id
// from the chain upwards, so that each of its blocks comes after its parent.

import type { Session } from "@forklift/postgres";
import type { ProvenPart } from "../proven-part.ts";
import type { BlockBelow } from "./height-rows.ts";
import { isBeside, isOfChain, type Sides, sideParams } from "./sides.ts";
import type { Stretch } from "./target-rows.ts";

export interface BlockHead extends BlockBelow {
  readonly id: number;
}

export interface Branching {
  readonly height: bigint;
  /** One, unless the target is wrong. */
  readonly chain: readonly BlockHead[];
  /** Of all branches that are rooted there, depth first. */
  readonly beside: readonly BranchBlock[];
}

export interface BranchBlock extends BlockHead {
  readonly parent: BlockBelow;
  /** How many blocks it stands above the chain. */
  readonly depth: number;
}

interface HeadRow {
  readonly id: number;
  readonly parent_id: number | null;
  readonly height: string;
  readonly state_hash: string;
  readonly is_beside: boolean;
}

const HEADS = `
  with recursive branch as (
    select b.id, b.parent_id, b.height, b.state_hash
    from blocks root join blocks b on b.parent_id = root.id
    where root.height between $3 and $4 and ${isOfChain("root")} and ${isBeside("b")}
    union all
    select b.id, b.parent_id, b.height, b.state_hash
    from branch join blocks b on b.parent_id = branch.id
    where ${isBeside("b")}
  )
  select id, parent_id, height, state_hash, true as is_beside from branch
  union all
  select b.id, b.parent_id, b.height, b.state_hash, false from blocks b
  where b.height between $3 and $4 and ${isOfChain("b")}`;

interface Sought {
  readonly sides: Sides;
  /** Ids of the chain by height, from 1 on; null where the statuses alone say which they are. */
  readonly chain: Int32Array | null;
}

/** For each height in turn. */
export async function readBranchings(
  target: Session,
  { from, to }: Stretch,
  { sides, chain: ids }: Sought,
): Promise<Branching[]> {
  const rows = await target.query<HeadRow>(HEADS, [...sideParams(sides), from, to]);
  const chain = new Map<bigint, BlockHead[]>();
  const children = new Map<number, BlockHead[]>();
  for (const row of rows) {
    const head = { id: row.id, height: BigInt(row.height), stateHash: row.state_hash };
    if (row.is_beside) push(children, row.parent_id!, head);
    else push(chain, head.height, head);
  }
  for (const heads of [...chain.values(), ...children.values()]) heads.sort(byHash);
  const branchings: Branching[] = [];
  for (let height = from; height <= to; height++) {
    const heads = firstOf(ids?.[Number(height) - 1], chain.get(height) ?? []);
    branchings.push({ height, chain: heads, beside: depthFirst(heads, children) });
  }
  return branchings;
}

/** Of several canonical blocks at a height the one of the chain comes first, whatever their hashes say. */
function firstOf(id: number | undefined, heads: readonly BlockHead[]): readonly BlockHead[] {
  if (heads.length < 2) return heads;
  const isFirst = (head: BlockHead) => head.id === id;
  return [...heads.filter(isFirst), ...heads.filter((head) => !isFirst(head))];
}

function depthFirst(
  roots: readonly BlockHead[],
  childrenOf: ReadonlyMap<number, readonly BlockHead[]>,
): BranchBlock[] {
  const order: BranchBlock[] = [];
  const above = (parent: BlockHead, depth: number): BranchBlock[] =>
    (childrenOf.get(parent.id) ?? []).map((child) => ({ ...child, parent, depth })).reverse();
  const waiting = [...roots].reverse().flatMap((root) => above(root, 1));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    order.push(next);
    waiting.push(...above(next, next.depth + 1));
  }
  return order;
}

function push<Key>(lists: Map<Key, BlockHead[]>, key: Key, head: BlockHead): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [head]);
  else list.push(head);
}

function byHash(left: BlockHead, right: BlockHead): number {
  return left.stateHash < right.stateHash ? -1 : 1;
}

/** Whether a block is to be looked at: it is newer than what was proven, or was not settled then. */
export function newBlocks(proven: ProvenPart | null): (id: number) => boolean {
  if (proven === null) return () => true;
  const { last } = proven.versions["blocks"]!;
  const unsettled = new Set(proven.unsettled?.blockIds ?? []);
  return (id) => id > last || unsettled.has(id);
}

/**
 * The lowest height where a branch with a new block leaves the chain, which may be far below what was proven: a
 * block can reach an archive long after others of its height. Null where no such branch leads to the chain.
 */
export async function lowestNewFork(target: Session, proven: ProvenPart): Promise<bigint | null> {
  const [row] = await target.query<{ height: string | null }>(
    `with recursive way as (
       select parent_id from blocks
       where chain_status::text <> 'canonical' and (id > $1 or id = any($2))
       union
       select b.parent_id from way join blocks b on b.id = way.parent_id
       where b.chain_status::text <> 'canonical'
     )
     select min(b.height) as height from way join blocks b on b.id = way.parent_id
     where b.chain_status::text = 'canonical'`,
    [proven.versions["blocks"]!.last, proven.unsettled?.blockIds ?? []],
  );
  return row?.height == null ? null : BigInt(row.height);
}
