-- The archive schema of Berkeley, which we write: types and tables without keys or indexes.
-- Rows are loaded between this file and constraints.sql, which is faster than into indexed tables.

create type authorization_kind_type as enum ('None_given', 'Signature', 'Proof');
create type chain_status_type as enum ('canonical', 'orphaned', 'pending');
create type internal_command_type as enum ('fee_transfer_via_coinbase', 'fee_transfer', 'coinbase');
create type may_use_token as enum ('No', 'ParentsOwnToken', 'InheritFromParent');
create type transaction_status as enum ('applied', 'failed');
create type user_command_type as enum ('payment', 'delegation');
create type zkapp_auth_required_type as enum (
  'none', 'either', 'proof', 'signature', 'both', 'impossible'
);

-- An account: a public key and a token.
create table account_identifiers (
  id            serial not null,
  public_key_id integer not null,
  token_id      integer not null
);

-- The state of every account that a block touched, after that block.
create table accounts_accessed (
  ledger_index          integer not null,
  block_id              integer not null,
  account_identifier_id integer not null,
  token_symbol_id       integer not null,
  balance               text not null,
  nonce                 bigint not null,
  receipt_chain_hash    text not null,
  delegate_id           integer,
  voting_for_id         integer not null,
  timing_id             integer,
  permissions_id        integer not null,
  zkapp_id              integer
);

-- The accounts that came into being in a block, and the fee that it cost.
create table accounts_created (
  block_id              integer not null,
  account_identifier_id integer not null,
  creation_fee          text not null
);

-- Every block an archive node saw, whatever became of it.
create table blocks (
  id                           serial not null,
  state_hash                   text not null,
  parent_id                    integer,
  parent_hash                  text not null,
  creator_id                   integer not null,
  block_winner_id              integer not null,
  last_vrf_output              text not null,
  snarked_ledger_hash_id       integer not null,
  staking_epoch_data_id        integer not null,
  next_epoch_data_id           integer not null,
  min_window_density           bigint not null,
  sub_window_densities         bigint[] not null,
  total_currency               text not null,
  ledger_hash                  text not null,
  height                       bigint not null,
  global_slot_since_hard_fork  bigint not null,
  global_slot_since_genesis    bigint not null,
  protocol_version_id          integer not null,
  proposed_protocol_version_id integer,
  "timestamp"                  text not null,
  chain_status                 chain_status_type not null
);

-- Which block holds which internal command, and where in it.
create table blocks_internal_commands (
  block_id              integer not null,
  internal_command_id   integer not null,
  sequence_no           integer not null,
  secondary_sequence_no integer not null,
  status                transaction_status not null,
  failure_reason        text
);

-- Which block holds which user command, and what became of it there.
create table blocks_user_commands (
  block_id        integer not null,
  user_command_id integer not null,
  sequence_no     integer not null,
  status          transaction_status not null,
  failure_reason  text
);

-- Which block holds which zkApp command, and what became of it there.
create table blocks_zkapp_commands (
  block_id            integer not null,
  zkapp_command_id    integer not null,
  sequence_no         integer not null,
  status              transaction_status not null,
  failure_reasons_ids integer[]
);

-- What consensus froze for an epoch.
create table epoch_data (
  id               serial not null,
  seed             text not null,
  ledger_hash_id   integer not null,
  total_currency   text not null,
  start_checkpoint text not null,
  lock_checkpoint  text not null,
  epoch_length     bigint not null
);

-- Coinbases and fee transfers. The same receiver and fee give the same row.
create table internal_commands (
  id           serial not null,
  command_type internal_command_type not null,
  receiver_id  integer not null,
  fee          text not null,
  hash         text not null
);

-- Versions of the chain: transaction, network, patch.
create table protocol_versions (
  id          serial not null,
  transaction integer not null,
  network     integer not null,
  patch       integer not null
);

-- Compressed public keys, base58check.
create table public_keys (
  id    serial not null,
  value text not null
);

-- Ledger hashes that a proof speaks of, epoch ledgers included.
create table snarked_ledger_hashes (
  id    serial not null,
  value text not null
);

-- The vesting schedule of an account.
create table timing_info (
  id                      serial not null,
  account_identifier_id   integer not null,
  initial_minimum_balance text not null,
  cliff_time              bigint not null,
  cliff_amount            text not null,
  vesting_period          bigint not null,
  vesting_increment       text not null
);

-- Names that token owners gave.
create table token_symbols (
  id    serial not null,
  value text not null
);

-- Token identifiers. The first is the network's own and has no owner.
create table tokens (
  id                  serial not null,
  value               text not null,
  owner_public_key_id integer,
  owner_token_id      integer
);

-- What a key holder signed: payments, delegations.
create table user_commands (
  id           serial not null,
  command_type user_command_type not null,
  fee_payer_id integer not null,
  source_id    integer not null,
  receiver_id  integer not null,
  nonce        bigint not null,
  amount       text,
  fee          text not null,
  valid_until  bigint,
  memo         text not null,
  hash         text not null
);

-- State hashes that accounts vote for. Unique only by convention.
create table voting_for (
  id    serial not null,
  value text not null
);

-- What an account lets whom change. Unique only by convention.
create table zkapp_permissions (
  id                               serial not null,
  edit_state                       zkapp_auth_required_type not null,
  send                             zkapp_auth_required_type not null,
  receive                          zkapp_auth_required_type not null,
  access                           zkapp_auth_required_type not null,
  set_delegate                     zkapp_auth_required_type not null,
  set_permissions                  zkapp_auth_required_type not null,
  set_verification_key_auth        zkapp_auth_required_type not null,
  set_verification_key_txn_version integer not null,
  set_zkapp_uri                    zkapp_auth_required_type not null,
  edit_action_state                zkapp_auth_required_type not null,
  set_token_symbol                 zkapp_auth_required_type not null,
  increment_nonce                  zkapp_auth_required_type not null,
  set_voting_for                   zkapp_auth_required_type not null,
  set_timing                       zkapp_auth_required_type not null
);

-- zkApp commands and all they refer to. A migration leaves these tables empty: before the fork
-- there were no zkApps.

create table zkapp_account_precondition (
  id                 serial not null,
  balance_id         integer,
  nonce_id           integer,
  receipt_chain_hash text,
  delegate_id        integer,
  state_id           integer not null,
  action_state_id    integer,
  proved_state       boolean,
  is_new             boolean
);

create table zkapp_account_update (
  id      serial not null,
  body_id integer not null
);

create table zkapp_account_update_body (
  id                                serial not null,
  account_identifier_id             integer not null,
  update_id                         integer not null,
  balance_change                    text not null,
  increment_nonce                   boolean not null,
  events_id                         integer not null,
  actions_id                        integer not null,
  call_data_id                      integer not null,
  call_depth                        integer not null,
  zkapp_network_precondition_id     integer not null,
  zkapp_account_precondition_id     integer not null,
  zkapp_valid_while_precondition_id integer,
  use_full_commitment               boolean not null,
  implicit_account_creation_fee     boolean not null,
  may_use_token                     may_use_token not null,
  authorization_kind                authorization_kind_type not null,
  verification_key_hash_id          integer
);

create table zkapp_account_update_failures (
  id       serial not null,
  index    integer not null,
  failures text[] not null
);

create table zkapp_accounts (
  id                  serial not null,
  app_state_id        integer not null,
  verification_key_id integer,
  zkapp_version       bigint not null,
  action_state_id     integer not null,
  last_action_slot    bigint not null,
  proved_state        boolean not null,
  zkapp_uri_id        integer not null
);

create table zkapp_action_states (
  id       serial not null,
  element0 integer not null,
  element1 integer not null,
  element2 integer not null,
  element3 integer not null,
  element4 integer not null
);

create table zkapp_amount_bounds (
  id                 serial not null,
  amount_lower_bound text not null,
  amount_upper_bound text not null
);

create table zkapp_balance_bounds (
  id                  serial not null,
  balance_lower_bound text not null,
  balance_upper_bound text not null
);

create table zkapp_commands (
  id                        serial not null,
  zkapp_fee_payer_body_id   integer not null,
  zkapp_account_updates_ids integer[] not null,
  memo                      text not null,
  hash                      text not null
);

create table zkapp_epoch_data (
  id               serial not null,
  epoch_ledger_id  integer,
  epoch_seed       text,
  start_checkpoint text,
  lock_checkpoint  text,
  epoch_length_id  integer
);

create table zkapp_epoch_ledger (
  id                serial not null,
  hash_id           integer,
  total_currency_id integer
);

create table zkapp_events (
  id          serial not null,
  element_ids integer[] not null
);

create table zkapp_fee_payer_body (
  id            serial not null,
  public_key_id integer not null,
  fee           text not null,
  valid_until   bigint,
  nonce         bigint not null
);

create table zkapp_field (
  id    serial not null,
  field text not null
);

create table zkapp_field_array (
  id          serial not null,
  element_ids integer[] not null
);

create table zkapp_global_slot_bounds (
  id                      serial not null,
  global_slot_lower_bound bigint not null,
  global_slot_upper_bound bigint not null
);

create table zkapp_length_bounds (
  id                 serial not null,
  length_lower_bound bigint not null,
  length_upper_bound bigint not null
);

create table zkapp_network_precondition (
  id                        serial not null,
  snarked_ledger_hash_id    integer,
  blockchain_length_id      integer,
  min_window_density_id     integer,
  total_currency_id         integer,
  global_slot_since_genesis integer,
  staking_epoch_data_id     integer,
  next_epoch_data_id        integer
);

create table zkapp_nonce_bounds (
  id                serial not null,
  nonce_lower_bound bigint not null,
  nonce_upper_bound bigint not null
);

create table zkapp_states (
  id       serial not null,
  element0 integer not null,
  element1 integer not null,
  element2 integer not null,
  element3 integer not null,
  element4 integer not null,
  element5 integer not null,
  element6 integer not null,
  element7 integer not null
);

create table zkapp_states_nullable (
  id       serial not null,
  element0 integer,
  element1 integer,
  element2 integer,
  element3 integer,
  element4 integer,
  element5 integer,
  element6 integer,
  element7 integer
);

create table zkapp_timing_info (
  id                      serial not null,
  initial_minimum_balance text not null,
  cliff_time              bigint not null,
  cliff_amount            text not null,
  vesting_period          bigint not null,
  vesting_increment       text not null
);

create table zkapp_token_id_bounds (
  id                   serial not null,
  token_id_lower_bound text not null,
  token_id_upper_bound text not null
);

create table zkapp_updates (
  id                  serial not null,
  app_state_id        integer not null,
  delegate_id         integer,
  verification_key_id integer,
  permissions_id      integer,
  zkapp_uri_id        integer,
  token_symbol_id     integer,
  timing_id           integer,
  voting_for_id       integer
);

create table zkapp_uris (
  id    serial not null,
  value text not null
);

create table zkapp_verification_key_hashes (
  id    serial not null,
  value text not null
);

create table zkapp_verification_keys (
  id               serial not null,
  verification_key text not null,
  hash_id          integer not null
);
