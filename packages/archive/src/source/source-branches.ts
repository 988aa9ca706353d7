// The blocks of the source that a complete history holds beside the chosen chain: orphaned ones, and pending
// ones if they are wanted. A block stands on a branch, which leaves the chain at a fork point.

import { type BranchStatus, type ChainStatus, type History, UINT32_MAX } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { KNOWN_STATUSES, statusOf } from "./chain-status.ts";
import { chainCondition, requireEachOnce, type SourceChain } from "./source-chain.ts";

/** Which blocks beside a chain are migrated with it. */
export interface SourceBranches {
  readonly chain: SourceChain;
  /** The greatest height of orphaned blocks. */
  readonly orphanedUpTo: bigint;
  /** The same of pending blocks; null: none of them. */
  readonly pendingUpTo: bigint | null;
}

/**
 * Null for a canonical history, which has no branches.
 * @param hasEnd whether somebody says where the chain ends: then no pending block stands above.
 */
export function branchesOf(
  history: History,
  chain: SourceChain,
  { hasEnd }: { readonly hasEnd: boolean },
): SourceBranches | null {
  if (history === "canonical") return null;
  const { height } = chain.tip;
  const pendingUpTo = history === "all" ? (hasEnd ? height : UINT32_MAX) : null;
  return { chain, orphanedUpTo: height, pendingUpTo };
}

/**
 * The blocks of branches in SQL, for an alias of `blocks` in the query around it; its parameters are
 * `branchParams`. A status that we do not know is an orphan's, as one of those that are counted.
 */
export function branchCondition(alias: string): string {
  const status = statusOf(alias);
  return `(${chainCondition(alias)} is not true
           and ((${status} not in ('canonical', 'pending') and ${alias}.height <= $3)
                or (${status} = 'pending' and ${alias}.height <= $4::bigint)))`;
}

/** `$1` to `$4`, of which the first two are those of `chainCondition`; of no branches without any. */
export function branchParams(chain: SourceChain, branches: SourceBranches | null): unknown[] {
  return [
    chain.canonicalHeight,
    chain.tail.map(({ stateHash }) => stateHash),
    branches?.orphanedUpTo ?? 0n,
    branches?.pendingUpTo ?? null,
  ];
}

/** A place in the order of heights and, at each of them, of state hashes. */
export interface BranchPlace {
  readonly height: bigint;
  /** As the source has it: it need not be one. */
  readonly stateHash: string;
}

/** A block of a branch with what links it. */
export interface BranchRef extends BranchPlace {
  readonly status: BranchStatus;
  readonly parentHash: string;
  /** Null when the source does not hold the parent. */
  readonly parentHeight: bigint | null;
  /** Whether the parent is of the chain, of a branch, or neither of them. */
  readonly parentIs: "chain" | "branch" | "neither";
}

interface Row {
  readonly height: string;
  readonly state_hash: string;
  readonly status: BranchStatus;
  readonly parent_hash: string;
  readonly parent_height: string | null;
  readonly parent_is: BranchRef["parentIs"];
}

/**
 * The next blocks of branches after a place, ascending; null begins with the lowest.
 * @throws SourceDataError for a block with several rows, or whose parent has several.
 */
export async function readBranchRefs(
  source: Session,
  branches: SourceBranches,
  { after, max }: { readonly after: BranchPlace | null; readonly max: number },
): Promise<BranchRef[]> {
  const rows = await source.query<Row>(
    `select b.height, b.state_hash, b.parent_hash, parent.height as parent_height,
            case when ${statusOf("b")} = 'pending' then 'pending' else 'orphaned' end as status,
            case when ${chainCondition("parent")} then 'chain'
                 when ${branchCondition("parent")} then 'branch' else 'neither' end as parent_is
     from blocks b left join blocks parent on parent.state_hash = b.parent_hash
     where ${branchCondition("b")} and (b.height, b.state_hash) > ($5, $6)
     order by b.height, b.state_hash limit $7`,
    [...branchParams(branches.chain, branches), after?.height ?? 0n, after?.stateHash ?? "", max],
  );
  const refs = rows.map((row) => ({
    height: BigInt(row.height),
    stateHash: row.state_hash,
    status: row.status,
    parentHash: row.parent_hash,
    parentHeight: row.parent_height === null ? null : BigInt(row.parent_height),
    parentIs: row.parent_is,
  }));
  requireEachOnce(refs);
  return refs;
}

/** What the source says of those blocks that it holds, as the target would: an unknown status is an orphan's. */
export async function readSourceStatuses(
  source: Session,
  stateHashes: readonly string[],
): Promise<ReadonlyMap<string, ChainStatus>> {
  const rows = await source.query<{ state_hash: string; status: ChainStatus }>(
    `select b.state_hash, case when ${statusOf("b")} = any($2) then ${statusOf("b")} else 'orphaned' end as status
     from blocks b where b.state_hash = any($1)`,
    [stateHashes, KNOWN_STATUSES],
  );
  return new Map(rows.map(({ state_hash, status }) => [state_hash, status]));
}
