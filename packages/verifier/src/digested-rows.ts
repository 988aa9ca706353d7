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

export const DIGESTED_ROWS: Readonly<Record<FilledTable, string>> = {
  public_keys: "select value from public_keys",
  snarked_ledger_hashes: "select value from snarked_ledger_hashes",
  voting_for: "select value from voting_for",
  token_symbols: "select value from token_symbols",
  epoch_data: `select meaning from ${EPOCHS} t`,
  protocol_versions: `select meaning from ${VERSIONS} t`,
  tokens: `select meaning from ${TOKENS} t`,
  account_identifiers: `select meaning from ${ACCOUNTS} t`,
  timing_info: `select meaning from ${TIMINGS} t`,
  zkapp_permissions: `select meaning from ${PERMISSIONS} t`,

  blocks: `
    select b.state_hash, parent.state_hash, b.parent_hash, creator.value, winner.value,
           b.last_vrf_output, snarked.value, staking.meaning, next.meaning,
           b.min_window_density, b.sub_window_densities, b.total_currency, b.ledger_hash, b.height,
           b.global_slot_since_hard_fork, b.global_slot_since_genesis, version.meaning,
           proposed.meaning, b."timestamp", b.chain_status
    from blocks b
    left join blocks parent on parent.id = b.parent_id
    left join public_keys creator on creator.id = b.creator_id
    left join public_keys winner on winner.id = b.block_winner_id
    left join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
    left join ${EPOCHS} staking on staking.id = b.staking_epoch_data_id
    left join ${EPOCHS} next on next.id = b.next_epoch_data_id
    left join ${VERSIONS} version on version.id = b.protocol_version_id
    left join ${VERSIONS} proposed on proposed.id = b.proposed_protocol_version_id`,

  user_commands: `
    select c.command_type, payer.value, origin.value, receiver.value, c.nonce, c.amount, c.fee,
           c.valid_until, c.memo, c.hash
    from user_commands c
    left join public_keys payer on payer.id = c.fee_payer_id
    left join public_keys origin on origin.id = c.source_id
    left join public_keys receiver on receiver.id = c.receiver_id`,

  blocks_user_commands: `
    select b.state_hash, c.hash, i.sequence_no, i.status, i.failure_reason
    from blocks_user_commands i
    left join blocks b on b.id = i.block_id
    left join user_commands c on c.id = i.user_command_id`,

  internal_commands: `
    select c.command_type, receiver.value, c.fee, c.hash
    from internal_commands c left join public_keys receiver on receiver.id = c.receiver_id`,

  blocks_internal_commands: `
    select b.state_hash, c.hash, c.command_type, i.sequence_no, i.secondary_sequence_no, i.status,
           i.failure_reason
    from blocks_internal_commands i
    left join blocks b on b.id = i.block_id
    left join internal_commands c on c.id = i.internal_command_id`,

  // An account of the old chain is no zkApp: its zkapp_id is null and stands for nothing.
  accounts_accessed: `
    select a.ledger_index, b.state_hash, account.meaning, symbol.value, a.balance, a.nonce,
           a.receipt_chain_hash, delegate.value, vote.value, timing.meaning, permissions.meaning,
           a.zkapp_id
    from accounts_accessed a
    left join blocks b on b.id = a.block_id
    left join ${ACCOUNTS} account on account.id = a.account_identifier_id
    left join token_symbols symbol on symbol.id = a.token_symbol_id
    left join public_keys delegate on delegate.id = a.delegate_id
    left join voting_for vote on vote.id = a.voting_for_id
    left join ${TIMINGS} timing on timing.id = a.timing_id
    left join ${PERMISSIONS} permissions on permissions.id = a.permissions_id`,

  accounts_created: `
    select b.state_hash, account.meaning, c.creation_fee
    from accounts_created c
    left join blocks b on b.id = c.block_id
    left join ${ACCOUNTS} account on account.id = c.account_identifier_id`,
};
