// The audit's question about creation fees: does the source say of exactly those commands that open an
// account, and of no failed one, that its fee was paid? Nothing is migrated from that column, but a
// verification compares it.

import type { Session } from "@forklift/postgres";
import { mayReadBalances } from "../source/source-balances.ts";
import { chainCondition, type SourceChain } from "../source/source-chain.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

/**
 * Rows of either table that give something to an account; `opens`: as its first receipt that opens it. `$1`
 * and `$2` are the chain's.
 */
const RECEIPTS = `
  select b.id as block_id, b.height, b.state_hash, b.parent_hash, c.receiver_id, bc.sequence_no,
         0 as secondary_sequence_no, bc.receiver_account_creation_fee_paid as fee,
         c.type::text = 'payment' and bc.status::text = 'applied' as opens, c.type::text, c.amount,
         bc.receiver_balance as balance_id,
         'blocks_user_commands.receiver_account_creation_fee_paid of ' || c.type || ' ' || c.hash ||
           ' (sequence_no ' || bc.sequence_no || ')' as place
  from blocks b
  join blocks_user_commands bc
    on bc.block_id = b.id
   and (bc.status::text = 'applied' or bc.receiver_account_creation_fee_paid is not null)
  join user_commands c on c.id = bc.user_command_id
  where ${chainCondition("b")}
  union all
  select b.id, b.height, b.state_hash, b.parent_hash, c.receiver_id, bc.sequence_no,
         bc.secondary_sequence_no, bc.receiver_account_creation_fee_paid, true, c.type::text, c.fee,
         bc.receiver_balance,
         'blocks_internal_commands.receiver_account_creation_fee_paid of ' || c.type || ' ' || c.hash ||
           ' (sequence_no ' || bc.sequence_no || ', secondary_sequence_no ' ||
           bc.secondary_sequence_no || ')'
  from blocks b
  join blocks_internal_commands bc on bc.block_id = b.id
  join internal_commands c on c.id = bc.internal_command_id
  where ${chainCondition("b")}`;

/** Of several rows that give to an account in one block, the one to name. */
const NAMED_FIRST = "r.fee is null, r.opens desc, r.sequence_no, r.secondary_sequence_no";

/** The height at which an account receives first what could open it. */
const FIRSTS = `
  select key.value as public_key, min(r.height) as first_height
  from (${RECEIPTS}) r join public_keys key on key.id = r.receiver_id
  where r.opens group by key.value`;

/**
 * What a block gives to an account, where it is the account's first receipt on the chain or says that a fee was
 * paid: of all others, which are nearly all, nothing is to be judged. Any of the rows may tell of the fee: a
 * block may have several for one key.
 */
const JUDGED = `
  select o.*, coalesce(o.opens and o.height = o.first_height, false) as is_first
  from (
    select r.block_id, r.height, r.state_hash, r.parent_hash, key.value as public_key,
           firsts.first_height, bool_or(r.opens) as opens,
           min(r.fee) as least_fee, max(r.fee) as greatest_fee,
           (array_agg(r.place order by ${NAMED_FIRST}))[1] as place,
           (array_agg(r.type order by ${NAMED_FIRST}))[1] as type,
           (array_agg(r.amount order by ${NAMED_FIRST}))[1] as amount,
           (array_agg(r.balance_id order by ${NAMED_FIRST}))[1] as balance_id,
           (array_agg(r.sequence_no order by ${NAMED_FIRST}))[1] as sequence_no,
           (array_agg(r.secondary_sequence_no order by ${NAMED_FIRST}))[1] as secondary_sequence_no
    from (${RECEIPTS}) r
    join public_keys key on key.id = r.receiver_id
    left join firsts on firsts.public_key = key.value
    where r.height > $3 and (r.fee is not null or r.height = firsts.first_height)
    group by r.block_id, r.height, r.state_hash, r.parent_hash, key.value, firsts.first_height
  ) o`;

/** The genesis ledger says which accounts needed no command: `$6` are its keys. */
const BY_LEDGER = `
  select j.*, j.is_first and genesis.value is null as is_opened
  from judged j left join unnest($6::text[]) as genesis(value) on genesis.value = j.public_key`;

/**
 * Without a ledger, an account of it and one that was opened look the same where the fee is there; where it
 * is not, the balance after the receipt tells them apart: what was received, less the fee. A coinbase is
 * received less the fee transfer that it pays.
 */
const BY_BALANCE = `
  select j.*, j.is_first and (
           j.least_fee is not null
           or exists (
             select from balances recorded
             where recorded.id = j.balance_id and recorded.balance = j.amount - $4 - coalesce(
               (select c.fee from blocks_internal_commands transfer
                join internal_commands c on c.id = transfer.internal_command_id
                where j.type = 'coinbase' and c.type::text = 'fee_transfer_via_coinbase'
                  and transfer.block_id = j.block_id
                  and transfer.sequence_no = j.sequence_no
                  and transfer.secondary_sequence_no = j.secondary_sequence_no), 0))) as is_opened
  from judged j`;

function faults(opened: string): string {
  return `
    with firsts as (${FIRSTS}), judged as (${JUDGED}), opened as (${opened})
    select height, state_hash, parent_hash, public_key, is_opened, place,
           case when least_fee is distinct from $4 then least_fee else greatest_fee end as fee,
           count(*) over () as total
    from opened
    where case when is_opened then least_fee is distinct from $4 or greatest_fee is distinct from $4
               else least_fee is not null end
    order by height, place limit $5`;
}

export async function auditCreationFees(
  source: Session,
  chain: SourceChain,
  { above, creationFees = null }: AuditOptions,
): Promise<readonly Found[]> {
  if (creationFees === null) return [];
  const { fee: expected, genesisKeys } = creationFees;
  if (genesisKeys === null && !(await mayReadBalances(source))) return [];
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    public_key: string;
    is_opened: boolean;
    place: string;
    fee: string | null;
    total: string;
  }>(faults(genesisKeys === null ? BY_BALANCE : BY_LEDGER), [
    chain.canonicalHeight,
    chain.tail.map(({ stateHash }) => stateHash),
    above,
    expected,
    FINDINGS_MAX,
    ...(genesisKeys === null ? [] : [genesisKeys]),
  ]);
  const found = foundIn("creation-fee", rows, (row) => ({
    height: BigInt(row.height),
    stateHash: row.state_hash,
    parentHash: row.parent_hash,
    fault:
      `${row.place} in block ${row.state_hash} at height ${row.height} is ${row.fee ?? "null"}, expected ` +
      (row.is_opened
        ? `${expected}: the block opens the account of ${row.public_key}`
        : `null: the block does not open the account of ${row.public_key}`),
    mend: null,
    stopsMigration: true,
  }));
  return [found];
}
