-- Keys of the Berkeley archive: what tells its rows apart.
-- Names are those of a freshly made official archive, long ones cut off by PostgreSQL included.

alter table account_identifiers
  add constraint account_identifiers_pkey primary key (id),
  add constraint account_identifiers_public_key_id_token_id_key unique (public_key_id, token_id);
alter table accounts_accessed
  add constraint accounts_accessed_pkey primary key (block_id, account_identifier_id);
alter table accounts_created
  add constraint accounts_created_pkey primary key (block_id, account_identifier_id);
alter table blocks
  add constraint blocks_pkey primary key (id),
  add constraint blocks_state_hash_key unique (state_hash);
alter table blocks_internal_commands
  add constraint blocks_internal_commands_pkey primary key (
    block_id, internal_command_id, sequence_no, secondary_sequence_no
  );
alter table blocks_user_commands
  add constraint blocks_user_commands_pkey primary key (block_id, user_command_id, sequence_no);
alter table blocks_zkapp_commands
  add constraint blocks_zkapp_commands_pkey primary key (block_id, zkapp_command_id, sequence_no);
alter table epoch_data
  add constraint epoch_data_pkey primary key (id),
  add constraint epoch_data_seed_ledger_hash_id_total_currency_start_checkpo_key unique (
    seed, ledger_hash_id, total_currency, start_checkpoint, lock_checkpoint, epoch_length
  );
alter table internal_commands
  add constraint internal_commands_pkey primary key (id),
  add constraint internal_commands_hash_command_type_key unique (hash, command_type);
alter table protocol_versions
  add constraint protocol_versions_pkey primary key (id),
  add constraint protocol_versions_transaction_network_patch_key unique (
    transaction, network, patch
  );
alter table public_keys
  add constraint public_keys_pkey primary key (id),
  add constraint public_keys_value_key unique (value);
alter table snarked_ledger_hashes
  add constraint snarked_ledger_hashes_pkey primary key (id),
  add constraint snarked_ledger_hashes_value_key unique (value);
alter table timing_info add constraint timing_info_pkey primary key (id);
alter table token_symbols add constraint token_symbols_pkey primary key (id);
alter table tokens
  add constraint tokens_pkey primary key (id),
  add constraint tokens_value_key unique (value);
alter table user_commands
  add constraint user_commands_pkey primary key (id),
  add constraint user_commands_hash_key unique (hash);
alter table voting_for add constraint voting_for_pkey primary key (id);
alter table zkapp_permissions add constraint zkapp_permissions_pkey primary key (id);
alter table zkapp_account_precondition
  add constraint zkapp_account_precondition_pkey primary key (id),
  add constraint zkapp_account_precondition_balance_id_receipt_chain_hash_de_key unique (
    balance_id, receipt_chain_hash, delegate_id, state_id, action_state_id, proved_state, is_new,
    nonce_id
  );
alter table zkapp_account_update add constraint zkapp_account_update_pkey primary key (id);
alter table zkapp_account_update_body
  add constraint zkapp_account_update_body_pkey primary key (id);
alter table zkapp_account_update_failures
  add constraint zkapp_account_update_failures_pkey primary key (id);
alter table zkapp_accounts add constraint zkapp_accounts_pkey primary key (id);
alter table zkapp_action_states add constraint zkapp_action_states_pkey primary key (id);
alter table zkapp_amount_bounds add constraint zkapp_amount_bounds_pkey primary key (id);
alter table zkapp_balance_bounds add constraint zkapp_balance_bounds_pkey primary key (id);
alter table zkapp_commands
  add constraint zkapp_commands_pkey primary key (id),
  add constraint zkapp_commands_hash_key unique (hash);
alter table zkapp_epoch_data add constraint zkapp_epoch_data_pkey primary key (id);
alter table zkapp_epoch_ledger add constraint zkapp_epoch_ledger_pkey primary key (id);
alter table zkapp_events
  add constraint zkapp_events_pkey primary key (id),
  add constraint zkapp_events_element_ids_key unique (element_ids);
alter table zkapp_fee_payer_body add constraint zkapp_fee_payer_body_pkey primary key (id);
alter table zkapp_field
  add constraint zkapp_field_pkey primary key (id),
  add constraint zkapp_field_field_key unique (field);
alter table zkapp_field_array
  add constraint zkapp_field_array_pkey primary key (id),
  add constraint zkapp_field_array_element_ids_key unique (element_ids);
alter table zkapp_global_slot_bounds add constraint zkapp_global_slot_bounds_pkey primary key (id);
alter table zkapp_length_bounds add constraint zkapp_length_bounds_pkey primary key (id);
alter table zkapp_network_precondition
  add constraint zkapp_network_precondition_pkey primary key (id);
alter table zkapp_nonce_bounds add constraint zkapp_nonce_bounds_pkey primary key (id);
alter table zkapp_states add constraint zkapp_states_pkey primary key (id);
alter table zkapp_states_nullable add constraint zkapp_states_nullable_pkey primary key (id);
alter table zkapp_timing_info add constraint zkapp_timing_info_pkey primary key (id);
alter table zkapp_token_id_bounds add constraint zkapp_token_id_bounds_pkey primary key (id);
alter table zkapp_updates add constraint zkapp_updates_pkey primary key (id);
alter table zkapp_uris
  add constraint zkapp_uris_pkey primary key (id),
  add constraint zkapp_uris_value_key unique (value);
alter table zkapp_verification_key_hashes
  add constraint zkapp_verification_key_hashes_pkey primary key (id),
  add constraint zkapp_verification_key_hashes_value_key unique (value);
alter table zkapp_verification_keys
  add constraint zkapp_verification_keys_pkey primary key (id),
  add constraint zkapp_verification_keys_hash_id_key unique (hash_id),
  add constraint zkapp_verification_keys_verification_key_key unique (verification_key);
