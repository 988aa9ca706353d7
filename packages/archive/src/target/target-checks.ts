// The queries with which stages check that the target holds what they wrote. None shares a query
// with the writing; the verifier has queries of its own.

import type { Session } from "@forklift/postgres";

/** Every figure as the server prints it: it is compared with a text, and reported. */
export interface WalkedTarget {
  /** Blocks that parent ids lead to from the tip, itself included. */
  readonly walked: string;
  /** The lowest height among them; null when the tip is not there. */
  readonly lowest: string | null;
  /** Canonical blocks of any height. */
  readonly canonical: string;
}

/** Walks back from the tip by parent id, as long as heights descend by one. */
export async function walkTargetFrom(target: Session, stateHash: string): Promise<WalkedTarget> {
  const [row] = await target.query<WalkedTarget>(
    `with recursive walk as (
       select height, parent_id from blocks where state_hash = $1
       union all
       select parent.height, parent.parent_id
       from blocks parent join walk
         on parent.id = walk.parent_id and parent.height = walk.height - 1
     )
     select count(*) as walked, min(height) as lowest,
            (select count(*) from blocks where chain_status = 'canonical') as canonical
     from walk`,
    [stateHash],
  );
  return row!;
}

export interface CanonicalHeights {
  readonly tipHeight: bigint;
  readonly canonicalCount: bigint;
  /** The lowest height that no canonical block has, or more than one; null up to the tip. */
  readonly faultHeight: bigint | null;
}

/** Null for a target without blocks. */
export async function readCanonicalHeights(target: Session): Promise<CanonicalHeights | null> {
  // Counted from genesis, a block above a lost one has a lower position than its height, and a
  // block above two of one height a higher position. The lower of both numbers is where it began.
  const [row] = await target.query<{ tip: string | null; found: string; fault: string }>(
    `select max(height) as tip, count(*) as found,
            coalesce(min(least(height, place)) filter (where height <> place), count(*) + 1) as fault
     from (select height, row_number() over (order by height) as place
           from blocks where chain_status = 'canonical') canonical`,
  );
  const { tip, found, fault } = row!;
  if (tip === null) return null;
  const tipHeight = BigInt(tip);
  const faultHeight = BigInt(fault);
  return {
    tipHeight,
    canonicalCount: BigInt(found),
    faultHeight: faultHeight > tipHeight ? null : faultHeight,
  };
}

/** As the server prints them; null for a genesis block without accounts. */
export interface GenesisAccountSums {
  readonly count: string;
  readonly greatestIndex: string | null;
  /** Nanomina. */
  readonly balance: string | null;
}

export async function sumGenesisAccounts(target: Session): Promise<GenesisAccountSums> {
  const [row] = await target.query<GenesisAccountSums>(
    `select count(distinct ledger_index) as count, max(ledger_index) as "greatestIndex",
            sum(balance::numeric) as balance
     from accounts_accessed where block_id = (select id from blocks where height = 1)`,
  );
  return row!;
}

/** As the server prints them. */
export interface RecordedAccountCounts {
  /** Rows of accounts_created whose account the same block did not access. */
  readonly createdNotAccessed: string;
  /** Of canonical blocks: where branches create accounts, an index is another account's on each. */
  readonly accounts: string;
  /** What the accounts would be if their ledger indexes were without a gap; null for none. */
  readonly ledgerLength: string | null;
}

/** The official replayer's own questions. */
export async function countRecordedAccounts(target: Session): Promise<RecordedAccountCounts> {
  const [row] = await target.query<RecordedAccountCounts>(
    `select
       (select count(*) from accounts_created c where not exists (
          select from accounts_accessed a where a.block_id = c.block_id
            and a.account_identifier_id = c.account_identifier_id)) as "createdNotAccessed",
       count(distinct account_identifier_id) as accounts,
       max(ledger_index) + 1 as "ledgerLength"
     from accounts_accessed
     where block_id in (select id from blocks where chain_status = 'canonical')`,
  );
  return row!;
}

export interface BranchAccountCounts {
  /** Rows of blocks beside the chain in accounts_created whose account the same block did not access. */
  readonly createdNotAccessed: string;
  /** Accounts that no branch created, and that stand on one at another index than on the chain. */
  readonly misplaced: string;
}

/** Counts over what is recorded of the blocks beside the chain. */
export async function countBranchAccounts(target: Session): Promise<BranchAccountCounts> {
  const [row] = await target.query<BranchAccountCounts>(
    `with branch as materialized (select id from blocks where chain_status <> 'canonical'),
     placed as (
       select distinct account_identifier_id, ledger_index from accounts_accessed a
       where block_id in (select id from branch) and not exists (
         select from accounts_created c where c.account_identifier_id = a.account_identifier_id
           and c.block_id in (select id from branch))
     )
     select
       (select count(*) from accounts_created c
        where block_id in (select id from branch) and not exists (
          select from accounts_accessed a where a.block_id = c.block_id
            and a.account_identifier_id = c.account_identifier_id)) as "createdNotAccessed",
       (select count(*) from placed p where not exists (
          select from accounts_accessed a where a.account_identifier_id = p.account_identifier_id
            and a.ledger_index = p.ledger_index
            and a.block_id not in (select id from branch))) as misplaced`,
  );
  return row!;
}
