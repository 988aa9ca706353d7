// The rows of a target, read table by table in their natural form. Left joins throughout: a reference
// to nothing shows as a null, and no row can drop out.

import { quoteIdentifier, type Session } from "@forklift/postgres";
import type { NaturalRow, NaturalTables } from "./natural-rows.ts";

const EPOCH = (prefix: string, epoch: string, ledger: string) => `
  ${epoch}.seed as ${prefix}seed, ${ledger}.value as ${prefix}ledger_hash,
  ${epoch}.total_currency as ${prefix}total_currency,
  ${epoch}.start_checkpoint as ${prefix}start_checkpoint,
  ${epoch}.lock_checkpoint as ${prefix}lock_checkpoint,
  ${epoch}.epoch_length as ${prefix}epoch_length`;

/** Of a row of timing_info named t, with the account that it belongs to. */
const TIMING = (prefix: string) => `
  timing_key.value as ${prefix}public_key, timing_token.value as ${prefix}token,
  t.initial_minimum_balance as ${prefix}initial_minimum_balance,
  t.cliff_time as ${prefix}cliff_time, t.cliff_amount as ${prefix}cliff_amount,
  t.vesting_period as ${prefix}vesting_period, t.vesting_increment as ${prefix}vesting_increment`;

const TIMING_JOINS = `
  left join account_identifiers timing_account on timing_account.id = t.account_identifier_id
  left join public_keys timing_key on timing_key.id = timing_account.public_key_id
  left join tokens timing_token on timing_token.id = timing_account.token_id`;

const PERMISSIONS = [
  "edit_state",
  "send",
  "receive",
  "access",
  "set_delegate",
  "set_permissions",
  "set_verification_key_auth",
  "set_verification_key_txn_version",
  "set_zkapp_uri",
  "edit_action_state",
  "set_token_symbol",
  "increment_nonce",
  "set_voting_for",
  "set_timing",
];

/** A table that is not here has no rows in a migrated archive, and is read as it is. */
const QUERIES: Readonly<Record<string, string>> = {
  public_keys: "select value from public_keys",
  snarked_ledger_hashes: "select value from snarked_ledger_hashes",
  voting_for: "select value from voting_for",
  token_symbols: "select value from token_symbols",
  protocol_versions: "select transaction, network, patch from protocol_versions",
  zkapp_permissions: `select ${PERMISSIONS.join(", ")} from zkapp_permissions`,

  tokens: `
    select t.value, owner.value as owner_public_key, owner_token.value as owner_token
    from tokens t
    left join public_keys owner on owner.id = t.owner_public_key_id
    left join tokens owner_token on owner_token.id = t.owner_token_id`,

  account_identifiers: `
    select key.value as public_key, token.value as token
    from account_identifiers a
    left join public_keys key on key.id = a.public_key_id
    left join tokens token on token.id = a.token_id`,

  epoch_data: `
    select ${EPOCH("", "e", "ledger")}
    from epoch_data e left join snarked_ledger_hashes ledger on ledger.id = e.ledger_hash_id`,

  timing_info: `select ${TIMING("")} from timing_info t ${TIMING_JOINS}`,

  blocks: `
    select b.state_hash, parent.state_hash as parent, b.parent_hash, creator.value as creator,
           winner.value as block_winner, b.last_vrf_output, snarked.value as snarked_ledger_hash,
           ${EPOCH("staking_", "staking", "staking_ledger")}, ${EPOCH("next_", "next", "next_ledger")},
           b.min_window_density, b.sub_window_densities::text as sub_window_densities,
           b.total_currency, b.ledger_hash, b.height, b.global_slot_since_hard_fork,
           b.global_slot_since_genesis, version.transaction as protocol_version_transaction,
           version.network as protocol_version_network, version.patch as protocol_version_patch,
           b.proposed_protocol_version_id, b."timestamp", b.chain_status
    from blocks b
    left join blocks parent on parent.id = b.parent_id
    left join public_keys creator on creator.id = b.creator_id
    left join public_keys winner on winner.id = b.block_winner_id
    left join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
    left join epoch_data staking on staking.id = b.staking_epoch_data_id
    left join snarked_ledger_hashes staking_ledger on staking_ledger.id = staking.ledger_hash_id
    left join epoch_data next on next.id = b.next_epoch_data_id
    left join snarked_ledger_hashes next_ledger on next_ledger.id = next.ledger_hash_id
    left join protocol_versions version on version.id = b.protocol_version_id`,

  user_commands: `
    select c.command_type, payer.value as fee_payer, origin.value as source,
           receiver.value as receiver, c.nonce, c.amount, c.fee, c.valid_until, c.memo, c.hash
    from user_commands c
    left join public_keys payer on payer.id = c.fee_payer_id
    left join public_keys origin on origin.id = c.source_id
    left join public_keys receiver on receiver.id = c.receiver_id`,

  blocks_user_commands: `
    select b.state_hash as block, c.hash as command, i.sequence_no, i.status, i.failure_reason
    from blocks_user_commands i
    left join blocks b on b.id = i.block_id
    left join user_commands c on c.id = i.user_command_id`,

  internal_commands: `
    select c.command_type, receiver.value as receiver, c.fee, c.hash
    from internal_commands c left join public_keys receiver on receiver.id = c.receiver_id`,

  blocks_internal_commands: `
    select b.state_hash as block, c.hash as command, c.command_type, i.sequence_no,
           i.secondary_sequence_no, i.status, i.failure_reason
    from blocks_internal_commands i
    left join blocks b on b.id = i.block_id
    left join internal_commands c on c.id = i.internal_command_id`,

  accounts_accessed: `
    select a.ledger_index, b.state_hash as block, key.value as public_key, token.value as token,
           symbol.value as token_symbol, a.balance, a.nonce, a.receipt_chain_hash,
           delegate.value as delegate, vote.value as voting_for, a.zkapp_id, ${TIMING("timing_")},
           ${PERMISSIONS.map((name) => `p.${name} as permissions_${name}`).join(", ")}
    from accounts_accessed a
    left join blocks b on b.id = a.block_id
    left join account_identifiers account on account.id = a.account_identifier_id
    left join public_keys key on key.id = account.public_key_id
    left join tokens token on token.id = account.token_id
    left join token_symbols symbol on symbol.id = a.token_symbol_id
    left join public_keys delegate on delegate.id = a.delegate_id
    left join voting_for vote on vote.id = a.voting_for_id
    left join timing_info t on t.id = a.timing_id ${TIMING_JOINS}
    left join zkapp_permissions p on p.id = a.permissions_id`,
};

/** All tables of schema public, whether or not anything should be in them. */
export async function storedTables(session: Session): Promise<NaturalTables> {
  const names = await session.query<{ name: string }>(
    "select tablename::text as name from pg_tables where schemaname = 'public' order by 1",
  );
  const tables: Record<string, readonly NaturalRow[]> = {};
  for (const { name } of names) tables[name] = await storedRows(session, name);
  return tables;
}

export async function storedRows(session: Session, table: string): Promise<readonly NaturalRow[]> {
  const rows = await session.query(QUERIES[table] ?? `select * from ${quoteIdentifier(table)}`);
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
    ),
  );
}
