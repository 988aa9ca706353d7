-- Indexes and foreign keys of the Berkeley archive. They rest on the keys, and are added once the rows
-- are in. Names are those of a freshly made official archive.

-- Indexes

create index idx_accounts_accessed_block_account_identifier_id on accounts_accessed
  (account_identifier_id);
create index idx_accounts_accessed_block_id on accounts_accessed (block_id);
create index idx_accounts_created_block_account_identifier_id on accounts_created
  (account_identifier_id);
create index idx_accounts_created_block_id on accounts_created (block_id);
create index idx_blocks_creator_id on blocks (creator_id);
create index idx_blocks_height on blocks (height);
create index idx_blocks_parent_id on blocks (parent_id);
create index idx_chain_status on blocks (chain_status);
create index idx_blocks_internal_commands_block_id on blocks_internal_commands (block_id);
create index idx_blocks_internal_commands_internal_command_id on blocks_internal_commands
  (internal_command_id);
create index idx_blocks_internal_commands_secondary_sequence_no on blocks_internal_commands
  (secondary_sequence_no);
create index idx_blocks_internal_commands_sequence_no on blocks_internal_commands (sequence_no);
create index idx_blocks_user_commands_block_id on blocks_user_commands (block_id);
create index idx_blocks_user_commands_sequence_no on blocks_user_commands (sequence_no);
create index idx_blocks_user_commands_user_command_id on blocks_user_commands (user_command_id);
create index idx_blocks_zkapp_commands_block_id on blocks_zkapp_commands (block_id);
create index idx_blocks_zkapp_commands_sequence_no on blocks_zkapp_commands (sequence_no);
create index idx_blocks_zkapp_commands_zkapp_command_id on blocks_zkapp_commands (zkapp_command_id);
create index idx_token_symbols_value on token_symbols (value);
create index idx_voting_for_value on voting_for (value);
create index idx_zkapp_events_element_ids on zkapp_events (element_ids);
create index idx_zkapp_field_array_element_ids on zkapp_field_array (element_ids);

-- Foreign keys

alter table account_identifiers
  add constraint account_identifiers_public_key_id_fkey
    foreign key (public_key_id) references public_keys (id) on delete cascade,
  add constraint account_identifiers_token_id_fkey
    foreign key (token_id) references tokens (id) on delete cascade;

alter table accounts_accessed
  add constraint accounts_accessed_account_identifier_id_fkey
    foreign key (account_identifier_id) references account_identifiers (id),
  add constraint accounts_accessed_block_id_fkey
    foreign key (block_id) references blocks (id),
  add constraint accounts_accessed_delegate_id_fkey
    foreign key (delegate_id) references public_keys (id),
  add constraint accounts_accessed_permissions_id_fkey
    foreign key (permissions_id) references zkapp_permissions (id),
  add constraint accounts_accessed_timing_id_fkey
    foreign key (timing_id) references timing_info (id),
  add constraint accounts_accessed_token_symbol_id_fkey
    foreign key (token_symbol_id) references token_symbols (id),
  add constraint accounts_accessed_voting_for_id_fkey
    foreign key (voting_for_id) references voting_for (id),
  add constraint accounts_accessed_zkapp_id_fkey
    foreign key (zkapp_id) references zkapp_accounts (id);

alter table accounts_created
  add constraint accounts_created_account_identifier_id_fkey
    foreign key (account_identifier_id) references account_identifiers (id),
  add constraint accounts_created_block_id_fkey
    foreign key (block_id) references blocks (id);

alter table blocks
  add constraint blocks_block_winner_id_fkey
    foreign key (block_winner_id) references public_keys (id),
  add constraint blocks_creator_id_fkey
    foreign key (creator_id) references public_keys (id),
  add constraint blocks_next_epoch_data_id_fkey
    foreign key (next_epoch_data_id) references epoch_data (id),
  add constraint blocks_parent_id_fkey
    foreign key (parent_id) references blocks (id),
  add constraint blocks_proposed_protocol_version_id_fkey
    foreign key (proposed_protocol_version_id) references protocol_versions (id),
  add constraint blocks_protocol_version_id_fkey
    foreign key (protocol_version_id) references protocol_versions (id),
  add constraint blocks_snarked_ledger_hash_id_fkey
    foreign key (snarked_ledger_hash_id) references snarked_ledger_hashes (id),
  add constraint blocks_staking_epoch_data_id_fkey
    foreign key (staking_epoch_data_id) references epoch_data (id);

alter table blocks_internal_commands
  add constraint blocks_internal_commands_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint blocks_internal_commands_internal_command_id_fkey
    foreign key (internal_command_id) references internal_commands (id) on delete cascade;

alter table blocks_user_commands
  add constraint blocks_user_commands_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint blocks_user_commands_user_command_id_fkey
    foreign key (user_command_id) references user_commands (id) on delete cascade;

alter table blocks_zkapp_commands
  add constraint blocks_zkapp_commands_block_id_fkey
    foreign key (block_id) references blocks (id) on delete cascade,
  add constraint blocks_zkapp_commands_zkapp_command_id_fkey
    foreign key (zkapp_command_id) references zkapp_commands (id) on delete cascade;

alter table epoch_data
  add constraint epoch_data_ledger_hash_id_fkey
    foreign key (ledger_hash_id) references snarked_ledger_hashes (id);

alter table internal_commands
  add constraint internal_commands_receiver_id_fkey
    foreign key (receiver_id) references public_keys (id);

alter table timing_info
  add constraint timing_info_account_identifier_id_fkey
    foreign key (account_identifier_id) references account_identifiers (id);

alter table tokens
  add constraint tokens_owner_public_key_id_fkey
    foreign key (owner_public_key_id) references public_keys (id) on delete cascade,
  add constraint tokens_owner_token_id_fkey
    foreign key (owner_token_id) references tokens (id);

alter table user_commands
  add constraint user_commands_fee_payer_id_fkey
    foreign key (fee_payer_id) references public_keys (id),
  add constraint user_commands_receiver_id_fkey
    foreign key (receiver_id) references public_keys (id),
  add constraint user_commands_source_id_fkey
    foreign key (source_id) references public_keys (id);

alter table zkapp_account_precondition
  add constraint zkapp_account_precondition_action_state_id_fkey
    foreign key (action_state_id) references zkapp_field (id),
  add constraint zkapp_account_precondition_balance_id_fkey
    foreign key (balance_id) references zkapp_balance_bounds (id),
  add constraint zkapp_account_precondition_delegate_id_fkey
    foreign key (delegate_id) references public_keys (id),
  add constraint zkapp_account_precondition_nonce_id_fkey
    foreign key (nonce_id) references zkapp_nonce_bounds (id),
  add constraint zkapp_account_precondition_state_id_fkey
    foreign key (state_id) references zkapp_states_nullable (id);

alter table zkapp_account_update
  add constraint zkapp_account_update_body_id_fkey
    foreign key (body_id) references zkapp_account_update_body (id);

alter table zkapp_account_update_body
  add constraint zkapp_account_update_body_account_identifier_id_fkey
    foreign key (account_identifier_id) references account_identifiers (id),
  add constraint zkapp_account_update_body_actions_id_fkey
    foreign key (actions_id) references zkapp_events (id),
  add constraint zkapp_account_update_body_call_data_id_fkey
    foreign key (call_data_id) references zkapp_field (id),
  add constraint zkapp_account_update_body_events_id_fkey
    foreign key (events_id) references zkapp_events (id),
  add constraint zkapp_account_update_body_update_id_fkey
    foreign key (update_id) references zkapp_updates (id),
  add constraint zkapp_account_update_body_verification_key_hash_id_fkey
    foreign key (verification_key_hash_id) references zkapp_verification_key_hashes (id),
  add constraint zkapp_account_update_body_zkapp_account_precondition_id_fkey
    foreign key (zkapp_account_precondition_id) references zkapp_account_precondition (id),
  add constraint zkapp_account_update_body_zkapp_network_precondition_id_fkey
    foreign key (zkapp_network_precondition_id) references zkapp_network_precondition (id),
  add constraint zkapp_account_update_body_zkapp_valid_while_precondition_i_fkey
    foreign key (zkapp_valid_while_precondition_id) references zkapp_global_slot_bounds (id);

alter table zkapp_accounts
  add constraint zkapp_accounts_action_state_id_fkey
    foreign key (action_state_id) references zkapp_action_states (id),
  add constraint zkapp_accounts_app_state_id_fkey
    foreign key (app_state_id) references zkapp_states (id),
  add constraint zkapp_accounts_verification_key_id_fkey
    foreign key (verification_key_id) references zkapp_verification_keys (id),
  add constraint zkapp_accounts_zkapp_uri_id_fkey
    foreign key (zkapp_uri_id) references zkapp_uris (id);

alter table zkapp_action_states
  add constraint zkapp_action_states_element0_fkey
    foreign key (element0) references zkapp_field (id),
  add constraint zkapp_action_states_element1_fkey
    foreign key (element1) references zkapp_field (id),
  add constraint zkapp_action_states_element2_fkey
    foreign key (element2) references zkapp_field (id),
  add constraint zkapp_action_states_element3_fkey
    foreign key (element3) references zkapp_field (id),
  add constraint zkapp_action_states_element4_fkey
    foreign key (element4) references zkapp_field (id);

alter table zkapp_commands
  add constraint zkapp_commands_zkapp_fee_payer_body_id_fkey
    foreign key (zkapp_fee_payer_body_id) references zkapp_fee_payer_body (id);

alter table zkapp_epoch_data
  add constraint zkapp_epoch_data_epoch_ledger_id_fkey
    foreign key (epoch_ledger_id) references zkapp_epoch_ledger (id),
  add constraint zkapp_epoch_data_epoch_length_id_fkey
    foreign key (epoch_length_id) references zkapp_length_bounds (id);

alter table zkapp_epoch_ledger
  add constraint zkapp_epoch_ledger_hash_id_fkey
    foreign key (hash_id) references snarked_ledger_hashes (id),
  add constraint zkapp_epoch_ledger_total_currency_id_fkey
    foreign key (total_currency_id) references zkapp_amount_bounds (id);

alter table zkapp_fee_payer_body
  add constraint zkapp_fee_payer_body_public_key_id_fkey
    foreign key (public_key_id) references public_keys (id);

alter table zkapp_network_precondition
  add constraint zkapp_network_precondition_blockchain_length_id_fkey
    foreign key (blockchain_length_id) references zkapp_length_bounds (id),
  add constraint zkapp_network_precondition_global_slot_since_genesis_fkey
    foreign key (global_slot_since_genesis) references zkapp_global_slot_bounds (id),
  add constraint zkapp_network_precondition_min_window_density_id_fkey
    foreign key (min_window_density_id) references zkapp_length_bounds (id),
  add constraint zkapp_network_precondition_next_epoch_data_id_fkey
    foreign key (next_epoch_data_id) references zkapp_epoch_data (id),
  add constraint zkapp_network_precondition_snarked_ledger_hash_id_fkey
    foreign key (snarked_ledger_hash_id) references snarked_ledger_hashes (id),
  add constraint zkapp_network_precondition_staking_epoch_data_id_fkey
    foreign key (staking_epoch_data_id) references zkapp_epoch_data (id),
  add constraint zkapp_network_precondition_total_currency_id_fkey
    foreign key (total_currency_id) references zkapp_amount_bounds (id);

alter table zkapp_states
  add constraint zkapp_states_element0_fkey
    foreign key (element0) references zkapp_field (id),
  add constraint zkapp_states_element1_fkey
    foreign key (element1) references zkapp_field (id),
  add constraint zkapp_states_element2_fkey
    foreign key (element2) references zkapp_field (id),
  add constraint zkapp_states_element3_fkey
    foreign key (element3) references zkapp_field (id),
  add constraint zkapp_states_element4_fkey
    foreign key (element4) references zkapp_field (id),
  add constraint zkapp_states_element5_fkey
    foreign key (element5) references zkapp_field (id),
  add constraint zkapp_states_element6_fkey
    foreign key (element6) references zkapp_field (id),
  add constraint zkapp_states_element7_fkey
    foreign key (element7) references zkapp_field (id);

alter table zkapp_states_nullable
  add constraint zkapp_states_nullable_element0_fkey
    foreign key (element0) references zkapp_field (id),
  add constraint zkapp_states_nullable_element1_fkey
    foreign key (element1) references zkapp_field (id),
  add constraint zkapp_states_nullable_element2_fkey
    foreign key (element2) references zkapp_field (id),
  add constraint zkapp_states_nullable_element3_fkey
    foreign key (element3) references zkapp_field (id),
  add constraint zkapp_states_nullable_element4_fkey
    foreign key (element4) references zkapp_field (id),
  add constraint zkapp_states_nullable_element5_fkey
    foreign key (element5) references zkapp_field (id),
  add constraint zkapp_states_nullable_element6_fkey
    foreign key (element6) references zkapp_field (id),
  add constraint zkapp_states_nullable_element7_fkey
    foreign key (element7) references zkapp_field (id);

alter table zkapp_updates
  add constraint zkapp_updates_app_state_id_fkey
    foreign key (app_state_id) references zkapp_states_nullable (id),
  add constraint zkapp_updates_delegate_id_fkey
    foreign key (delegate_id) references public_keys (id),
  add constraint zkapp_updates_permissions_id_fkey
    foreign key (permissions_id) references zkapp_permissions (id),
  add constraint zkapp_updates_timing_id_fkey
    foreign key (timing_id) references zkapp_timing_info (id),
  add constraint zkapp_updates_token_symbol_id_fkey
    foreign key (token_symbol_id) references token_symbols (id),
  add constraint zkapp_updates_verification_key_id_fkey
    foreign key (verification_key_id) references zkapp_verification_keys (id),
  add constraint zkapp_updates_voting_for_id_fkey
    foreign key (voting_for_id) references voting_for (id),
  add constraint zkapp_updates_zkapp_uri_id_fkey
    foreign key (zkapp_uri_id) references zkapp_uris (id);

alter table zkapp_verification_keys
  add constraint zkapp_verification_keys_hash_id_fkey
    foreign key (hash_id) references zkapp_verification_key_hashes (id);
