// The tables of the Berkeley archive, and the values of those that hold the same for every chain.

import { type Session, snapshot } from "@forklift/postgres";

/** The token of every account before Berkeley: the field element 1 in base58check. */
export const DEFAULT_TOKEN = "wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf";

/** A migrated archive has nothing in these: there are no zkApps before the hard fork. */
export const EMPTY_TABLES = [
  "blocks_zkapp_commands",
  "zkapp_account_precondition",
  "zkapp_account_update",
  "zkapp_account_update_body",
  "zkapp_account_update_failures",
  "zkapp_accounts",
  "zkapp_action_states",
  "zkapp_amount_bounds",
  "zkapp_balance_bounds",
  "zkapp_commands",
  "zkapp_epoch_data",
  "zkapp_epoch_ledger",
  "zkapp_events",
  "zkapp_fee_payer_body",
  "zkapp_field",
  "zkapp_field_array",
  "zkapp_global_slot_bounds",
  "zkapp_length_bounds",
  "zkapp_network_precondition",
  "zkapp_nonce_bounds",
  "zkapp_states",
  "zkapp_states_nullable",
  "zkapp_timing_info",
  "zkapp_token_id_bounds",
  "zkapp_updates",
  "zkapp_uris",
  "zkapp_verification_key_hashes",
  "zkapp_verification_keys",
] as const;

export const FILLED_TABLES = [
  "account_identifiers",
  "accounts_accessed",
  "accounts_created",
  "blocks",
  "blocks_internal_commands",
  "blocks_user_commands",
  "epoch_data",
  "internal_commands",
  "protocol_versions",
  "public_keys",
  "snarked_ledger_hashes",
  "timing_info",
  "token_symbols",
  "tokens",
  "user_commands",
  "voting_for",
  "zkapp_permissions",
] as const;

export type FilledTable = (typeof FILLED_TABLES)[number];

/** How many rows each table of the Berkeley archive has, as text; filled tables first. */
export async function countRows(session: Session): Promise<Record<string, string>> {
  const tables = [...FILLED_TABLES, ...EMPTY_TABLES];
  return await snapshot(session, async () => {
    const counts: Record<string, string> = {};
    for (const table of tables) counts[table] = await countTable(session, table);
    return counts;
  });
}

/** Names of tables cannot be parameters; these come from the lists above. */
export async function countTable(
  session: Session,
  table: FilledTable | (typeof EMPTY_TABLES)[number],
): Promise<string> {
  const [row] = await session.query<{ count: string }>(`select count(*) from ${table}`);
  return row!.count;
}
