-- The archive schema of protocol 1.x, which we read: types and tables without keys or indexes.
-- Rows are loaded between this file and constraints.sql, which is faster than into indexed tables.

create type chain_status_type as enum ('canonical', 'orphaned', 'pending');
create type internal_command_type as enum ('fee_transfer_via_coinbase', 'fee_transfer', 'coinbase');
create type user_command_status as enum ('applied', 'failed');
create type user_command_type as enum (
  'payment', 'delegation', 'create_token', 'create_account', 'mint_tokens'
);

-- A balance (and, for a fee payer, a nonce) after one command of one block.
create table balances (
  id                          serial not null,
  public_key_id               integer not null,
  balance                     bigint not null,
  block_id                    integer not null,
  block_height                integer not null,
  block_sequence_no           integer not null,
  block_secondary_sequence_no integer not null,
  nonce                       bigint
);

-- Every block an archive node saw, whatever became of it.
create table blocks (
  id                        serial not null,
  state_hash                text not null,
  parent_id                 integer,
  parent_hash               text not null,
  creator_id                integer not null,
  block_winner_id           integer not null,
  snarked_ledger_hash_id    integer not null,
  staking_epoch_data_id     integer not null,
  next_epoch_data_id        integer not null,
  ledger_hash               text not null,
  height                    bigint not null,
  global_slot               bigint not null,
  global_slot_since_genesis bigint not null,
  "timestamp"               bigint not null,
  chain_status              chain_status_type not null
);

-- Which block holds which internal command, and where in it.
create table blocks_internal_commands (
  block_id                           integer not null,
  internal_command_id                integer not null,
  sequence_no                        integer not null,
  secondary_sequence_no              integer not null,
  receiver_account_creation_fee_paid bigint,
  receiver_balance                   integer not null
);

-- Which block holds which user command, and what became of it there.
create table blocks_user_commands (
  block_id                            integer not null,
  user_command_id                     integer not null,
  sequence_no                         integer not null,
  status                              user_command_status not null,
  failure_reason                      text,
  fee_payer_account_creation_fee_paid bigint,
  receiver_account_creation_fee_paid  bigint,
  created_token                       bigint,
  fee_payer_balance                   integer not null,
  source_balance                      integer,
  receiver_balance                    integer
);

-- The seed and the frozen ledger of an epoch.
create table epoch_data (
  id             serial not null,
  seed           text not null,
  ledger_hash_id integer not null
);

-- Coinbases and fee transfers. The same receiver and fee give the same row.
create table internal_commands (
  id          serial not null,
  type        internal_command_type not null,
  receiver_id integer not null,
  fee         bigint not null,
  token       bigint not null,
  hash        text not null
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

-- The vesting schedule with which the genesis ledger made an account.
create table timing_info (
  id                      serial not null,
  public_key_id           integer not null,
  token                   bigint not null,
  initial_balance         bigint not null,
  initial_minimum_balance bigint not null,
  cliff_time              bigint not null,
  cliff_amount            bigint not null,
  vesting_period          bigint not null,
  vesting_increment       bigint not null
);

-- What a key holder signed: payments, delegations.
create table user_commands (
  id           serial not null,
  type         user_command_type not null,
  fee_payer_id integer not null,
  source_id    integer not null,
  receiver_id  integer not null,
  fee_token    bigint not null,
  token        bigint not null,
  nonce        bigint not null,
  amount       bigint,
  fee          bigint not null,
  valid_until  bigint,
  memo         text not null,
  hash         text not null
);
