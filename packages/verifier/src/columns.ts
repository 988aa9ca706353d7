// Which column of the target a value of a gathered row stands in: the queries of the walk put keys and other
// rows in place of ids, under names of their own, and a difference names the columns that the database has.

import type { FilledTable } from "./tables.ts";

export interface ColumnPlace {
  readonly table: string;
  readonly column: string;
  /** The column that refers to the row, where a row refers to several of that table. */
  readonly via?: string;
}

type Places = Readonly<Record<string, string>>;

/** Under the table that a comparison is named by: the gathered name, and `table.column`. */
export const PLACES = {
  blocks: {
    parent: "blocks.parent_id",
    creator: "blocks.creator_id",
    block_winner: "blocks.block_winner_id",
    snarked_ledger_hash: "blocks.snarked_ledger_hash_id",
    protocol_version: "blocks.protocol_version_id",
    proposed_protocol_version: "blocks.proposed_protocol_version_id",
    ...epochPlaces("staking"),
    ...epochPlaces("next"),
  },
  user_commands: {
    fee_payer: "user_commands.fee_payer_id",
    source: "user_commands.source_id",
    receiver: "user_commands.receiver_id",
    sequence_no: "blocks_user_commands.sequence_no",
    status: "blocks_user_commands.status",
    failure_reason: "blocks_user_commands.failure_reason",
  },
  internal_commands: {
    receiver: "internal_commands.receiver_id",
    sequence_no: "blocks_internal_commands.sequence_no",
    secondary_sequence_no: "blocks_internal_commands.secondary_sequence_no",
    status: "blocks_internal_commands.status",
    failure_reason: "blocks_internal_commands.failure_reason",
  },
  accounts_accessed: {
    public_key: "account_identifiers.public_key_id",
    token: "account_identifiers.token_id",
    token_symbol: "accounts_accessed.token_symbol_id",
    delegate: "accounts_accessed.delegate_id",
    voting_for: "accounts_accessed.voting_for_id",
    timing: "accounts_accessed.timing_id",
    timing_account: "timing_info.account_identifier_id",
    initial_minimum_balance: "timing_info.initial_minimum_balance",
    cliff_time: "timing_info.cliff_time",
    cliff_amount: "timing_info.cliff_amount",
    vesting_period: "timing_info.vesting_period",
    vesting_increment: "timing_info.vesting_increment",
    zkapp: "accounts_accessed.zkapp_id",
  },
  accounts_created: {
    public_key: "account_identifiers.public_key_id",
    token: "account_identifiers.token_id",
    state_hash: "accounts_created.block_id",
  },
} as const satisfies Partial<Record<FilledTable, Places>>;

/** A name that stands for no other column is that of a column of the table itself. */
export function columnOf(table: string, name: string): ColumnPlace {
  const places: Places = Object.hasOwn(PLACES, table) ? PLACES[table as keyof typeof PLACES] : {};
  if (!Object.hasOwn(places, name)) return { table, column: name };
  const [place, via] = places[name]!.split(" via ") as [string, string?];
  const [placeTable, column] = place.split(".") as [string, string];
  return { table: placeTable, column, ...(via === undefined ? {} : { via }) };
}

function epochPlaces(epoch: "staking" | "next"): Places {
  const columns = ["seed", "total_currency", "start_checkpoint", "lock_checkpoint"];
  const via = ` via ${epoch}_epoch_data_id`;
  return {
    ...Object.fromEntries(
      columns.map((column) => [`${epoch}_epoch_${column}`, `epoch_data.${column}${via}`]),
    ),
    [`${epoch}_epoch_ledger_hash`]: `epoch_data.ledger_hash_id${via}`,
    [`${epoch}_epoch_length`]: `epoch_data.epoch_length${via}`,
  };
}
