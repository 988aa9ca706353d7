// Reads recorded accounts back: each as the last block that accessed it left it.

import type { Account, PublicKey, ReceiptChainHash, StateHash, Timing } from "@forklift/chain";
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
 * The accounts that canonical blocks in (above, upTo] accessed, in ledger order and in constant memory. From
 * height 0, where genesis is the first block, these are all accounts of the ledger after `upTo`.
 * Until the loop has ended, the session is the cursor's.
 * @throws SourceDataError for an account that no migration has written.
 */
export async function* readRecordedAccounts(
  target: Session,
  range: Heights,
): AsyncGenerator<RecordedAccount> {
  yield* readLast(
    target,
    range,
    `select a.account_identifier_id, max(b.height) as height
     from accounts_accessed a join blocks b on b.id = a.block_id
     where b.height > $1 and b.height <= $2 and b.chain_status = 'canonical'
     group by a.account_identifier_id`,
  );
}

/**
 * The same accounts as they stood before, after the canonical block at height `above`: those that were there.
 * The others are the last ones of the ledger after `upTo`.
 */
export async function* readAccountsBefore(
  target: Session,
  range: Heights,
): AsyncGenerator<RecordedAccount> {
  yield* readLast(
    target,
    range,
    `select a.account_identifier_id, max(b.height) as height
     from accounts_accessed a join blocks b on b.id = a.block_id
     where b.height <= $1 and b.chain_status = 'canonical' and a.account_identifier_id in (
       select later.account_identifier_id
       from accounts_accessed later join blocks c on c.id = later.block_id
       where c.height > $1 and c.height <= $2 and c.chain_status = 'canonical')
     group by a.account_identifier_id`,
  );
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

/** @param last selects accounts, each with the height of the canonical block whose row is read. */
async function* readLast(
  target: Session,
  { above, upTo }: Heights,
  last: string,
): AsyncGenerator<RecordedAccount> {
  // Grouped, not sorted: of an archive's millions of rows only the last of each account is kept.
  const rows = target.rows<Row>(
    `with last as (${last})
     select a.ledger_index, key.value as public_key, a.balance, a.nonce, a.receipt_chain_hash,
            delegate.value as delegate, vote.value as voting_for,
            timing.initial_minimum_balance, timing.cliff_time, timing.cliff_amount,
            timing.vesting_period, timing.vesting_increment,
            a.zkapp_id is not null or symbol.value <> '' or token.value <> $3 as is_foreign
     from last
     join blocks b on b.height = last.height and b.chain_status = 'canonical'
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
    [above, upTo, DEFAULT_TOKEN],
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
    yield { ledgerIndex: row.ledger_index, account: accountOf(row, row.delegate) };
  }
}

function accountOf(row: Row, delegate: PublicKey): Account {
  return {
    publicKey: row.public_key,
    balance: BigInt(row.balance),
    nonce: BigInt(row.nonce),
    receiptChainHash: row.receipt_chain_hash,
    delegate,
    votingFor: row.voting_for,
    timing: timingOf(row),
  };
}

/** An untimed account refers to a row of zeros; the vesting period of a timed one is never 0. */
function timingOf(row: Row): Timing | null {
  if (row.initial_minimum_balance === null) return null;
  const timing: Timing = {
    initialMinimumBalance: BigInt(row.initial_minimum_balance),
    cliffTime: BigInt(row.cliff_time),
    cliffAmount: BigInt(row.cliff_amount),
    vestingPeriod: BigInt(row.vesting_period),
    vestingIncrement: BigInt(row.vesting_increment),
  };
  return timing.vestingPeriod === 0n ? null : timing;
}
