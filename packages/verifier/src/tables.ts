// The tables of the Berkeley archive, and the values of those that hold the same for every chain.

import type { Session } from "@forklift/postgres";

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

/**
 * The column that separates older rows from newer ones: ids are counted, and blocks are written in
 * the order of their heights, so the rows of a later run stand above the greatest number that an
 * earlier one saw.
 */
const AGE_COLUMN: Readonly<Record<FilledTable, "id" | "block_id">> = {
  account_identifiers: "id",
  accounts_accessed: "block_id",
  accounts_created: "block_id",
  blocks: "id",
  blocks_internal_commands: "block_id",
  blocks_user_commands: "block_id",
  epoch_data: "id",
  internal_commands: "id",
  protocol_versions: "id",
  public_keys: "id",
  snarked_ledger_hashes: "id",
  timing_info: "id",
  token_symbols: "id",
  tokens: "id",
  user_commands: "id",
  voting_for: "id",
  zkapp_permissions: "id",
};

/** The tables whose rows are blocks or hang on one: there the age of a row is the id of its block. */
export const BLOCK_TABLES: readonly FilledTable[] = FILLED_TABLES.filter(hangsOnBlocks);

export interface AgeRange {
  readonly above?: number;
  readonly upTo?: number;
  /** Ids of blocks that count as newer, with their rows, whatever their number says. */
  readonly newer?: readonly number[];
  /** A condition on the rows as `t`, instead of an age. */
  readonly within?: string;
}

export function ageOf(table: FilledTable): string {
  return `t.${AGE_COLUMN[table]}`;
}

/** A `where` on the rows of the table as `t`; empty for all of them. */
export function whereAge(
  table: FilledTable,
  { above, upTo, newer = [], within }: AgeRange,
): string {
  if (within !== undefined) return `where ${within}`;
  const age = ageOf(table);
  const ids = hangsOnBlocks(table) && newer.length > 0 ? newer.join(", ") : null;
  if (above !== undefined) {
    return ids === null
      ? `where ${age} > ${above}`
      : `where (${age} > ${above} or ${age} in (${ids}))`;
  }
  if (upTo !== undefined) {
    return ids === null
      ? `where ${age} <= ${upTo}`
      : `where (${age} <= ${upTo} and ${age} not in (${ids}))`;
  }
  return "";
}

function hangsOnBlocks(table: FilledTable): boolean {
  return table === "blocks" || AGE_COLUMN[table] === "block_id";
}

export function isFilled(table: string): table is FilledTable {
  return Object.hasOwn(AGE_COLUMN, table);
}

/** Names of tables cannot be parameters; these come from the lists above. */
export async function countTable(
  session: Session,
  table: FilledTable | (typeof EMPTY_TABLES)[number],
  range: AgeRange = {},
): Promise<string> {
  const where = isFilled(table) ? whereAge(table, range) : "";
  const [row] = await session.query<{ count: string }>(`select count(*) from ${table} t ${where}`);
  return row!.count;
}
