-- Keys of the protocol 1.x archive: what tells its rows apart.
-- Names are those of a freshly made official archive, long ones cut off by PostgreSQL included.

alter table balances
  add constraint balances_pkey primary key (id),
  add constraint balances_public_key_id_balance_block_id_block_height_block__key unique (
    public_key_id, balance, block_id, block_height, block_sequence_no, block_secondary_sequence_no
  );
alter table blocks
  add constraint blocks_pkey primary key (id),
  add constraint blocks_state_hash_key unique (state_hash);
alter table blocks_internal_commands
  add constraint blocks_internal_commands_pkey primary key (
    block_id, internal_command_id, sequence_no, secondary_sequence_no
  );
alter table blocks_user_commands
  add constraint blocks_user_commands_pkey primary key (block_id, user_command_id, sequence_no);
alter table epoch_data add constraint epoch_data_pkey primary key (id);
alter table internal_commands
  add constraint internal_commands_pkey primary key (id),
  add constraint internal_commands_hash_type_key unique (hash, type);
alter table public_keys
  add constraint public_keys_pkey primary key (id),
  add constraint public_keys_value_key unique (value);
alter table snarked_ledger_hashes
  add constraint snarked_ledger_hashes_pkey primary key (id),
  add constraint snarked_ledger_hashes_value_key unique (value);
alter table timing_info add constraint timing_info_pkey primary key (id);
alter table user_commands
  add constraint user_commands_pkey primary key (id),
  add constraint user_commands_hash_key unique (hash);
