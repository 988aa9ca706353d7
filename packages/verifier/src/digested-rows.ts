// What the digest of each table covers: its rows, with every id replaced by what it stands for.
// Left joins throughout, so that a reference to nothing shows as a null and no row can drop out.

import type { FilledTable } from "./tables.ts";

/** Below, `meaning` is a row without its id, as the text of a record. */
const EPOCHS = `(
  select e.id, row(e.seed, ledger.value, e.total_currency, e.start_checkpoint, e.lock_checkpoint,
                   e.epoch_length)::text as meaning
  from epoch_data e left join snarked_ledger_hashes ledger on ledger.id = e.ledger_hash_id)`;

const VERSIONS = `(
  select id, row(transaction, network, patch)::text as meaning from protocol_versions)`;

const TOKENS = `(
  select t.id, row(t.value, owner.value, owner_token.value)::text as meaning
  from tokens t
  left join public_keys owner on owner.id = t.owner_public_key_id
  left join tokens owner_token on owner_token.id = t.owner_token_id)`;

const ACCOUNTS = `(
  select a.id, row(key.value, token.value)::text as meaning
  from account_identifiers a
  left join public_keys key on key.id = a.public_key_id
  left join tokens token on token.id = a.token_id)`;

const TIMINGS = `(
  select t.id, row(account.meaning, t.initial_minimum_balance, t.cliff_time, t.cliff_amount,
                   t.vesting_period, t.vesting_increment)::text as meaning
  from timing_info t left join ${ACCOUNTS} account on account.id = t.account_identifier_id)`;

const PERMISSIONS = `(
  select id, row(edit_state, send, receive, access, set_delegate, set_permissions,
                 set_verification_key_auth, set_verification_key_txn_version, set_zkapp_uri,
                 edit_action_state, set_token_symbol, increment_nonce, set_voting_for,
                 set_timing)::text as meaning
  from zkapp_permissions)`;

/** Ready for a `where` on the rows of the table, which are `t`. */
export const DIGESTED_ROWS: Readonly<Record<FilledTable, string>> = {
  public_keys: "select t.value from public_keys t",
  snarked_ledger_hashes: "select t.value from snarked_ledger_hashes t",
  voting_for: "select t.value from voting_for t",
  token_symbols: "select t.value from token_symbols t",
  epoch_data: `select t.meaning from ${EPOCHS} t`,
  protocol_versions: `select t.meaning from ${VERSIONS} t`,
  tokens: `select t.meaning from ${TOKENS} t`,
  account_identifiers: `select t.meaning from ${ACCOUNTS} t`,
  timing_info: `select t.meaning from ${TIMINGS} t`,
  zkapp_permissions: `select t.meaning from ${PERMISSIONS} t`,

  blocks: `
    select t.state_hash, parent.state_hash, t.parent_hash, creator.value, winner.value,
           t.last_vrf_output, snarked.value, staking.meaning, next.meaning,
           t.min_window_density, t.sub_window_densities, t.total_currency, t.ledger_hash, t.height,
           t.global_slot_since_hard_fork, t.global_slot_since_genesis, version.meaning,
           proposed.meaning, t."timestamp", t.chain_status
    from blocks t
    left join blocks parent on parent.id = t.parent_id
    left join public_keys creator on creator.id = t.creator_id
    left join public_keys winner on winner.id = t.block_winner_id
    left join snarked_ledger_hashes snarked on snarked.id = t.snarked_ledger_hash_id
    left join ${EPOCHS} staking on staking.id = t.staking_epoch_data_id
    left join ${EPOCHS} next on next.id = t.next_epoch_data_id
    left join ${VERSIONS} version on version.id = t.protocol_version_id
    left join ${VERSIONS} proposed on proposed.id = t.proposed_protocol_version_id`,

  user_commands: `
    select t.command_type, payer.value, origin.value, receiver.value, t.nonce, t.amount, t.fee,
           t.valid_until, t.memo, t.hash
    from user_commands t
    left join public_keys payer on payer.id = t.fee_payer_id
    left join public_keys origin on origin.id = t.source_id
    left join public_keys receiver on receiver.id = t.receiver_id`,

  blocks_user_commands: `
    select b.state_hash, c.hash, t.sequence_no, t.status, t.failure_reason
    from blocks_user_commands t
    left join blocks b on b.id = t.block_id
    left join user_commands c on c.id = t.user_command_id`,

  internal_commands: `
    select t.command_type, receiver.value, t.fee, t.hash
    from internal_commands t left join public_keys receiver on receiver.id = t.receiver_id`,

  blocks_internal_commands: `
    select b.state_hash, c.hash, c.command_type, t.sequence_no, t.secondary_sequence_no, t.status,
           t.failure_reason
    from blocks_internal_commands t
    left join blocks b on b.id = t.block_id
    left join internal_commands c on c.id = t.internal_command_id`,

  // An account of the old chain is no zkApp: its zkapp_id is null and stands for nothing.
  accounts_accessed: `
    select t.ledger_index, b.state_hash, account.meaning, symbol.value, t.balance, t.nonce,
           t.receipt_chain_hash, delegate.value, vote.value, timing.meaning, permissions.meaning,
           t.zkapp_id
    from accounts_accessed t
    left join blocks b on b.id = t.block_id
    left join ${ACCOUNTS} account on account.id = t.account_identifier_id
    left join token_symbols symbol on symbol.id = t.token_symbol_id
    left join public_keys delegate on delegate.id = t.delegate_id
    left join voting_for vote on vote.id = t.voting_for_id
    left join ${TIMINGS} timing on timing.id = t.timing_id
    left join ${PERMISSIONS} permissions on permissions.id = t.permissions_id`,

  accounts_created: `
    select b.state_hash, account.meaning, t.creation_fee
    from accounts_created t
    left join blocks b on b.id = t.block_id
    left join ${ACCOUNTS} account on account.id = t.account_identifier_id`,
};
