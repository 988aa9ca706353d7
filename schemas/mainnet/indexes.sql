-- Indexes and foreign keys of the protocol 1.x archive. They rest on the keys, and are added once the rows
-- are in. Names are those of a freshly made official archive.

-- Indexes

create index idx_balances_height_seq_nos on balances
  (block_height, block_sequence_no, block_secondary_sequence_no);
create index idx_balances_id on balances (id);
create index idx_balances_public_key_id on balances (public_key_id);
create index idx_blocks_creator_id on blocks (creator_id);
create index idx_blocks_height on blocks (height);
create index idx_blocks_id on blocks (id);
create index idx_blocks_parent_id on blocks (parent_id);
create index idx_blocks_state_hash on blocks (state_hash);
create index idx_chain_status on blocks (chain_status);
create index idx_blocks_internal_commands_block_id on blocks_internal_commands (block_id);
create index idx_blocks_internal_commands_internal_command_id on blocks_internal_commands
  (internal_command_id);
create index idx_blocks_internal_commands_receiver_balance on blocks_internal_commands
  (receiver_balance);
create index idx_blocks_user_commands_block_id on blocks_user_commands (block_id);
create index idx_blocks_user_commands_fee_payer_balance on blocks_user_commands (fee_payer_balance);
create index idx_blocks_user_commands_receiver_balance on blocks_user_commands (receiver_balance);
create index idx_blocks_user_commands_source_balance on blocks_user_commands (source_balance);
create index idx_blocks_user_commands_user_command_id on blocks_user_commands (user_command_id);
create index idx_public_keys_id on public_keys (id);
create index idx_public_keys_value on public_keys (value);
create index idx_snarked_ledger_hashes_value on snarked_ledger_hashes (value);
create index idx_public_key_id on timing_info (public_key_id);

-- Foreign keys

alter table balances
  add constraint balances_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint balances_public_key_id_fkey
    foreign key (public_key_id) references public_keys (id);

alter table blocks
  add constraint blocks_block_winner_id_fkey
    foreign key (block_winner_id) references public_keys (id),
  add constraint blocks_creator_id_fkey
    foreign key (creator_id) references public_keys (id),
  add constraint blocks_next_epoch_data_id_fkey
    foreign key (next_epoch_data_id) references epoch_data (id),
  add constraint blocks_parent_id_fkey
    foreign key (parent_id) references blocks (id),
  add constraint blocks_snarked_ledger_hash_id_fkey
    foreign key (snarked_ledger_hash_id) references snarked_ledger_hashes (id),
  add constraint blocks_staking_epoch_data_id_fkey
    foreign key (staking_epoch_data_id) references epoch_data (id);

alter table blocks_internal_commands
  add constraint blocks_internal_commands_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint blocks_internal_commands_internal_command_id_fkey
    foreign key (internal_command_id) references internal_commands (id) on delete cascade,
  add constraint blocks_internal_commands_receiver_balance_fkey
    foreign key (receiver_balance) references balances (id) on delete cascade;

alter table blocks_user_commands
  add constraint blocks_user_commands_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint blocks_user_commands_fee_payer_balance_fkey
    foreign key (fee_payer_balance) references balances (id) on delete cascade,
  add constraint blocks_user_commands_receiver_balance_fkey
    foreign key (receiver_balance) references balances (id) on delete cascade,
  add constraint blocks_user_commands_source_balance_fkey
    foreign key (source_balance) references balances (id) on delete cascade,
  add constraint blocks_user_commands_user_command_id_fkey
    foreign key (user_command_id) references user_commands (id) on delete cascade;

alter table epoch_data
  add constraint epoch_data_ledger_hash_id_fkey
    foreign key (ledger_hash_id) references snarked_ledger_hashes (id);

alter table internal_commands
  add constraint internal_commands_receiver_id_fkey
    foreign key (receiver_id) references public_keys (id);

alter table timing_info
  add constraint timing_info_public_key_id_fkey
    foreign key (public_key_id) references public_keys (id);

alter table user_commands
  add constraint user_commands_fee_payer_id_fkey
    foreign key (fee_payer_id) references public_keys (id),
  add constraint user_commands_receiver_id_fkey
    foreign key (receiver_id) references public_keys (id),
  add constraint user_commands_source_id_fkey
    foreign key (source_id) references public_keys (id);
