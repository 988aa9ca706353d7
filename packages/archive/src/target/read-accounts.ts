// Reads recorded accounts back: each as the last block that accessed it left it.

import {
  type Account,
  type BlockRef,
  FormatError,
  type PublicKey,
  parseUnsigned,
  type ReceiptChainHash,
  type StateHash,
  type Timing,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { DEFAULT_TOKEN } from "./write-accounts.ts";

export interface RecordedAccount {
  /** The account's index in the Merkle ledger. */
  readonly ledgerIndex: number;
  /** Its texts are as they stand in the tables: whoever decodes them finds out what is malformed. */
  readonly account: Account;
}

interface Row {
  readonly ledger_index: number;
  readonly public_key: PublicKey;
  readonly balance: string;
  readonly nonce: string;
  readonly receipt_chain_hash: ReceiptChainHash;
  readonly delegate: PublicKey | null;
  readonly voting_for: StateHash;
  readonly initial_minimum_balance: string | null;
  readonly cliff_time: string;
  readonly cliff_amount: string;
  readonly vesting_period: string;
  readonly vesting_increment: string;
  readonly is_foreign: boolean;
}

/** Of canonical blocks: above the first, up to the second. */
interface Heights {
  readonly above: bigint;
  readonly upTo: bigint;
}

/**
 * The accounts that the blocks of one branch accessed above a height, up to the block `to`, each as the last
 * of them left it; in ledger order and in constant memory. From height 0, where genesis is the first
 * block, these are all accounts of the ledger after `to`. Until the loop has ended, the session is the
 * cursor's.
 * @throws SourceDataError for an account that no migration has written.
 */
export async function* readRecordedAccounts(
  target: Session,
  { above, to }: { readonly above: bigint; readonly to: BlockRef },
): AsyncGenerator<RecordedAccount> {
  const side = await readSideBranch(target, to);
  const branch = `select id, height from blocks
    where height > $2 and (chain_status = 'canonical' and height <= $3 or id = any($4))`;
  yield* readLast(target, { branch }, [above, side.canonicalUpTo, side.ids]);
}

/**
 * The accounts that canonical blocks in (above, upTo] accessed, as they stood before, after the canonical block
 * at height `above`: those that were there. The others are the last ones of the ledger after `upTo`.
 */
export async function* readAccountsBefore(
  target: Session,
  { above, upTo }: Heights,
): AsyncGenerator<RecordedAccount> {
  const branch = "select id, height from blocks where height <= $2 and chain_status = 'canonical'";
  const which = `where a.account_identifier_id in (
    select later.account_identifier_id
    from accounts_accessed later join blocks c on c.id = later.block_id
    where c.height > $2 and c.height <= $3 and c.chain_status = 'canonical')`;
  yield* readLast(target, { branch, which }, [above, upTo]);
}

/** How many accounts the canonical blocks in (above, upTo] created. */
export async function countCreatedAccounts(
  target: Session,
  { above, upTo }: Heights,
): Promise<number> {
  const [row] = await target.query<{ count: number }>(
    `select count(*)::int as count from accounts_created a join blocks b on b.id = a.block_id
     where b.height > $1 and b.height <= $2 and b.chain_status = 'canonical'`,
    [above, upTo],
  );
  return row!.count;
}

interface Wanted {
  /** Selects id and height of the blocks that are looked at, one of each height. */
  readonly branch: string;
  /** Which rows `a` of `accounts_accessed` count; default: all of those blocks. */
  readonly which?: string;
}

/** @param params from `$2` on. */
async function* readLast(
  target: Session,
  { branch, which = "" }: Wanted,
  params: readonly unknown[],
): AsyncGenerator<RecordedAccount> {
  // Grouped, not sorted: of an archive's millions of rows only the last of each account is kept.
  const rows = target.rows<Row>(
    `with branch as (${branch}), last as (
       select a.account_identifier_id, max(b.height) as height
       from accounts_accessed a join branch b on b.id = a.block_id ${which}
       group by a.account_identifier_id
     )
     select a.ledger_index, key.value as public_key, a.balance, a.nonce, a.receipt_chain_hash,
            delegate.value as delegate, vote.value as voting_for,
            timing.initial_minimum_balance, timing.cliff_time, timing.cliff_amount,
            timing.vesting_period, timing.vesting_increment,
            a.zkapp_id is not null or symbol.value <> '' or token.value <> $1 as is_foreign
     from last
     join branch b on b.height = last.height
     join accounts_accessed a
       on a.block_id = b.id and a.account_identifier_id = last.account_identifier_id
     join account_identifiers account on account.id = a.account_identifier_id
     join public_keys key on key.id = account.public_key_id
     join tokens token on token.id = account.token_id
     join token_symbols symbol on symbol.id = a.token_symbol_id
     join voting_for vote on vote.id = a.voting_for_id
     left join public_keys delegate on delegate.id = a.delegate_id
     left join timing_info timing on timing.id = a.timing_id
     order by a.ledger_index`,
    [DEFAULT_TOKEN, ...params],
  );
  for await (const row of rows) {
    if (row.is_foreign || row.delegate === null) {
      throw new SourceDataError(
        `account ${row.public_key} at ledger_index ${row.ledger_index} of ${target.maskedUrl} has ` +
          "a token, a token symbol or a zkApp of its own, or no delegate; before the fork none had",
        {
          hint: "give an archive that forklift migrated and no node has written to, such as a published set",
        },
      );
    }
    yield { ledgerIndex: row.ledger_index, account: accountOf(target, row, row.delegate) };
  }
}

/**
 * What of a block's branch is not canonical, the block included, and the height up to which the canonical
 * chain is its history.
 */
async function readSideBranch(
  target: Session,
  { height, stateHash }: BlockRef,
): Promise<{ readonly ids: readonly number[]; readonly canonicalUpTo: bigint }> {
  const rows = await target.query<{ id: number; height: string }>(
    `with recursive side as (
       select id, parent_id, height from blocks where state_hash = $1 and chain_status <> 'canonical'
       union
       select parent.id, parent.parent_id, parent.height
       from side join blocks parent on parent.id = side.parent_id
       where parent.chain_status <> 'canonical'
     )
     select id, height from side order by height`,
    [stateHash],
  );
  const [lowest] = rows;
  return {
    ids: rows.map(({ id }) => id),
    canonicalUpTo: lowest === undefined ? height : BigInt(lowest.height) - 1n,
  };
}

/** @throws SourceDataError when what stands for a number is none. */
function accountOf({ maskedUrl }: Session, row: Row, delegate: PublicKey): Account {
  try {
    return {
      publicKey: row.public_key,
      balance: parseUnsigned(row.balance, UINT64_MAX),
      nonce: parseUnsigned(row.nonce, UINT32_MAX),
      receiptChainHash: row.receipt_chain_hash,
      delegate,
      votingFor: row.voting_for,
      timing: timingOf(row),
    };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(
      `account ${row.public_key} at ledger_index ${row.ledger_index} of ${maskedUrl}: ${cause.message}`,
      { cause, hint: "the target was changed by another program; forklift verify shows where" },
    );
  }
}

/** An untimed account refers to a row of zeros; the vesting period of a timed one is never 0. */
function timingOf(row: Row): Timing | null {
  if (row.initial_minimum_balance === null) return null;
  const timing: Timing = {
    initialMinimumBalance: parseUnsigned(row.initial_minimum_balance, UINT64_MAX),
    cliffTime: parseUnsigned(row.cliff_time, UINT32_MAX),
    cliffAmount: parseUnsigned(row.cliff_amount, UINT64_MAX),
    vestingPeriod: parseUnsigned(row.vesting_period, UINT32_MAX),
    vestingIncrement: parseUnsigned(row.vesting_increment, UINT64_MAX),
  };
  return timing.vestingPeriod === 0n ? null : timing;
}
