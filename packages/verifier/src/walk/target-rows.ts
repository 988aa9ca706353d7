// Reads the target's rows of a stretch of heights, or of some blocks, each with all that it refers to. Left joins
// throughout: a reference to nothing shows as a null, and no row can drop out.

import type { Session } from "@forklift/postgres";
import type { Row } from "../compare-rows.ts";

export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** A row that knows where it belongs: to a height, and where blocks were asked for, to the block of that id. */
export type PlacedRow = Row & { readonly height: string; readonly block?: string };

export interface TargetRows {
  readonly blocks: readonly PlacedRow[];
  readonly userCommands: readonly PlacedRow[];
  readonly internalCommands: readonly PlacedRow[];
  readonly accessed: readonly PlacedRow[];
  readonly created: readonly PlacedRow[];
}

/** Which blocks `b` are meant, and what says of a row to which of them it belongs. */
interface Selection {
  readonly where: string;
  readonly place: string;
}

const AT_HEIGHTS: Selection = { where: "b.height between $1 and $2", place: "b.height" };
const OF_BLOCKS: Selection = { where: "b.id = any($1)", place: "b.height, b.id::text as block" };

/**
 * A stretch is a few of very many blocks, found by their indexes, whatever the planner believes of a
 * database whose statistics were never gathered. The joins are written in the order in which they are
 * to be made: looking for another one takes longer than the query.
 */
export const WALK_SETTINGS = `
  set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
  set local join_collapse_limit = 1; set local jit = off`;

const blocksSql = ({ where, place }: Selection) => `
  select ${place}, b.id::text, b.state_hash, b.chain_status::text, parent.state_hash as parent,
         b.parent_hash, b.ledger_hash,
         b.global_slot_since_hard_fork, b.global_slot_since_genesis, b."timestamp",
         creator.value as creator, winner.value as block_winner, b.last_vrf_output,
         snarked.value as snarked_ledger_hash, b.min_window_density,
         b.sub_window_densities::text, b.total_currency,
         ${epochColumns("staking")}, ${epochColumns("next")},
         concat_ws('.', version.transaction, version.network, version.patch) as protocol_version,
         b.proposed_protocol_version_id::text as proposed_protocol_version
  from blocks b
  left join blocks parent on parent.id = b.parent_id
  left join public_keys creator on creator.id = b.creator_id
  left join public_keys winner on winner.id = b.block_winner_id
  left join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
  left join epoch_data staking on staking.id = b.staking_epoch_data_id
  left join snarked_ledger_hashes staking_ledger on staking_ledger.id = staking.ledger_hash_id
  left join epoch_data next on next.id = b.next_epoch_data_id
  left join snarked_ledger_hashes next_ledger on next_ledger.id = next.ledger_hash_id
  left join protocol_versions version on version.id = b.protocol_version_id
  where ${where}
  order by b.height, b.chain_status, b.state_hash collate "C"`;

function epochColumns(epoch: "staking" | "next"): string {
  return `${epoch}_ledger.value as ${epoch}_epoch_ledger_hash,
          ${epoch}.total_currency as ${epoch}_epoch_total_currency,
          ${epoch}.seed as ${epoch}_epoch_seed,
          ${epoch}.start_checkpoint as ${epoch}_epoch_start_checkpoint,
          ${epoch}.lock_checkpoint as ${epoch}_epoch_lock_checkpoint,
          ${epoch}.epoch_length as ${epoch}_epoch_length`;
}

const userCommandsSql = ({ where, place }: Selection) => `
  select ${place}, i.sequence_no::text, c.hash, c.command_type::text, payer.value as fee_payer,
         origin.value as source, receiver.value as receiver, c.nonce, c.amount, c.fee,
         c.valid_until, c.memo, i.status::text, i.failure_reason
  from blocks b join blocks_user_commands i on i.block_id = b.id
  left join user_commands c on c.id = i.user_command_id
  left join public_keys payer on payer.id = c.fee_payer_id
  left join public_keys origin on origin.id = c.source_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where ${where}
  order by b.height, i.sequence_no, c.hash collate "C"`;

const internalCommandsSql = ({ where, place }: Selection) => `
  select ${place}, i.sequence_no::text, i.secondary_sequence_no::text, c.command_type::text,
         c.hash, receiver.value as receiver, c.fee, i.status::text, i.failure_reason
  from blocks b join blocks_internal_commands i on i.block_id = b.id
  left join internal_commands c on c.id = i.internal_command_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where ${where}
  order by b.height, i.sequence_no, i.secondary_sequence_no, c.command_type::text collate "C",
           c.hash collate "C"`;

/** The account of a row of `accounts_accessed a`; follow it with what selects the rows. */
export const selectAccounts = ({ place }: Pick<Selection, "place"> = AT_HEIGHTS) => `
  select ${place}, a.ledger_index::text, key.value as public_key, token.value as token,
         symbol.value as token_symbol, a.balance, a.nonce, a.receipt_chain_hash,
         delegate.value as delegate, vote.value as voting_for,
         timing_key.value as timing_account, timing.initial_minimum_balance, timing.cliff_time,
         timing.cliff_amount, timing.vesting_period, timing.vesting_increment,
         a.zkapp_id::text as zkapp
  from blocks b join accounts_accessed a on a.block_id = b.id
  left join account_identifiers account on account.id = a.account_identifier_id
  left join public_keys key on key.id = account.public_key_id
  left join tokens token on token.id = account.token_id
  left join token_symbols symbol on symbol.id = a.token_symbol_id
  left join public_keys delegate on delegate.id = a.delegate_id
  left join voting_for vote on vote.id = a.voting_for_id
  left join timing_info timing on timing.id = a.timing_id
  left join account_identifiers timing_of on timing_of.id = timing.account_identifier_id
  left join public_keys timing_key on timing_key.id = timing_of.public_key_id`;

const accessedSql = (selection: Selection) => `
  ${selectAccounts(selection)}
  where ${selection.where}
  order by b.height, a.ledger_index, key.value collate "C"`;

const createdSql = ({ where, place }: Selection) => `
  select ${place}, key.value as public_key, token.value as token, created.creation_fee
  from blocks b join accounts_created created on created.block_id = b.id
  left join account_identifiers account on account.id = created.account_identifier_id
  left join public_keys key on key.id = account.public_key_id
  left join tokens token on token.id = account.token_id
  where ${where}
  order by b.height, key.value collate "C"`;

type Queries = Readonly<Record<keyof TargetRows, string>>;

const QUERIES_OF_HEIGHTS = queriesFor(AT_HEIGHTS);
const QUERIES_OF_BLOCKS = queriesFor(OF_BLOCKS);

function queriesFor(selection: Selection): Queries {
  return {
    blocks: blocksSql(selection),
    userCommands: userCommandsSql(selection),
    internalCommands: internalCommandsSql(selection),
    accessed: accessedSql(selection),
    created: createdSql(selection),
  };
}

export async function readTargetRows(target: Session, { from, to }: Stretch): Promise<TargetRows> {
  const read = (select: string) => target.query<PlacedRow>(select, [from, to]);
  return await readAll(QUERIES_OF_HEIGHTS, read, read);
}

/** @param applied ids of blocks of which nothing but the accounts is wanted. */
export async function readRowsOfBlocks(
  target: Session,
  { shown, applied }: { readonly shown: readonly number[]; readonly applied: readonly number[] },
): Promise<TargetRows> {
  return await readAll(
    QUERIES_OF_BLOCKS,
    (select) => target.query<PlacedRow>(select, [shown]),
    (select) => target.query<PlacedRow>(select, [[...shown, ...applied]]),
  );
}

type Read = (select: string) => Promise<readonly PlacedRow[]>;

async function readAll(queries: Queries, read: Read, readAccounts: Read): Promise<TargetRows> {
  return {
    blocks: await read(queries.blocks),
    userCommands: await read(queries.userCommands),
    internalCommands: await read(queries.internalCommands),
    accessed: await readAccounts(queries.accessed),
    created: await read(queries.created),
  };
}
