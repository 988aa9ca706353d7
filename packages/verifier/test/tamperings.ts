// Ways to spoil a migrated archive, one row at a time, and the checks that must notice each.

import type { Difference } from "../src/report.ts";

export interface Tampering {
  readonly what: string;
  readonly sql: string;
  /** What the first of the failing checks names; each of these, if there are several. */
  readonly names: Partial<Difference> | readonly Partial<Difference>[];
  /**
   * All checks that fail, the one in question first. The costly ones are listed, and asked, only
   * where it matters.
   */
  readonly fails: readonly [string, ...string[]];
}

const blockAt = (height: number) => `(select id from blocks where height = ${height})`;

const otherKey = "(select max(id) from public_keys)";

const commandAt = (height: number) =>
  `(select user_command_id from blocks_user_commands
    where block_id = ${blockAt(height)} and sequence_no = 0)`;

const firstAccountAt = (height: number) =>
  `block_id = ${blockAt(height)} and ledger_index = (
     select min(ledger_index) from accounts_accessed where block_id = ${blockAt(height)})`;

const chain: readonly Tampering[] = [
  {
    what: "a parent id that skips blocks",
    sql: `update blocks set parent_id = ${blockAt(50)} where height = 100`,
    names: { table: "blocks", column: "parent_id" },
    fails: ["chain-connected"],
  },
  {
    what: "a parent id that is missing",
    sql: "update blocks set parent_id = null where height = 100",
    names: { table: "blocks", column: "height", expected: "1", found: "100" },
    fails: ["chain-connected"],
  },
  {
    what: "a circle of parent ids",
    sql: `update blocks set parent_id = ${blockAt(120)} where height = 100`,
    names: { table: "blocks", column: "height", expected: "1", found: "100" },
    fails: ["chain-connected"],
  },
  {
    what: "a parent hash that is another block's",
    sql: `update blocks set parent_hash = (select state_hash from blocks where height = 98)
          where height = 100`,
    names: { table: "blocks", column: "parent_id" },
    fails: ["chain-connected", "blocks-equal", "precomputed-equal"],
  },
  {
    what: "a block that is not canonical",
    sql: "update blocks set chain_status = 'pending' where height = 40",
    names: { column: "chain_status", expected: "canonical", found: "pending" },
    fails: ["nothing-but-canonical"],
  },
  {
    what: "a second block at a height",
    sql: `create temp table extra as select * from blocks where height = 60;
          update extra set id = 999999, state_hash = 'another', chain_status = 'orphaned';
          insert into blocks select * from extra`,
    names: { key: "height 60, state_hash another" },
    fails: ["nothing-but-canonical", "blocks-equal", "precomputed-equal"],
  },
];

const blocks: readonly Tampering[] = [
  {
    what: "a block with other values in every column that the source has too",
    sql: `update blocks set "timestamp" = '1616000000000', creator_id = ${otherKey},
            block_winner_id = ${otherKey}, global_slot_since_genesis = 1,
            global_slot_since_hard_fork = 1,
            ledger_hash = (select ledger_hash from blocks where height = 1)
          where height = 77`,
    names: [
      "timestamp",
      "creator",
      "block_winner",
      "global_slot_since_genesis",
      "global_slot_since_hard_fork",
      "ledger_hash",
    ].map((column) => ({ table: "blocks", key: "height 77", column })),
    fails: ["blocks-equal", "precomputed-equal"],
  },
];

const precomputed: readonly Tampering[] = [
  {
    what: "a block with other values in every column that the source does not have",
    sql: `update blocks set last_vrf_output = 'AAAA', total_currency = '1',
            min_window_density = 1, sub_window_densities = array_append(sub_window_densities, 1),
            proposed_protocol_version_id = protocol_version_id
          where height = 77`,
    names: [
      "last_vrf_output",
      "total_currency",
      "min_window_density",
      "sub_window_densities",
      "proposed_protocol_version",
    ].map((column) => ({ table: "blocks", column })),
    fails: ["precomputed-equal"],
  },
  {
    what: "other values in every column of the next epoch's data",
    sql: `insert into snarked_ledger_hashes (id, value) values (9, '1');
          update epoch_data set seed = '1', total_currency = '1', start_checkpoint = '1',
            lock_checkpoint = '1', epoch_length = 1, ledger_hash_id = 9
          where id = (select next_epoch_data_id from blocks where height = 77)`,
    names: [
      "seed",
      "total_currency",
      "start_checkpoint",
      "lock_checkpoint",
      "length",
      "ledger_hash",
    ].map((column) => ({ table: "blocks", column: `next_epoch_${column}`, found: "1" })),
    fails: ["precomputed-equal"],
  },
  {
    what: "the staking epoch's data in the place of the next one's",
    sql: "update blocks set next_epoch_data_id = staking_epoch_data_id where height = 77",
    names: { table: "blocks", column: "next_epoch_seed" },
    fails: ["precomputed-equal"],
  },
  {
    what: "another snarked ledger hash",
    sql: `insert into snarked_ledger_hashes (id, value) values (9, 'another');
          update blocks set snarked_ledger_hash_id = 9 where height = 1`,
    names: { table: "blocks", column: "snarked_ledger_hash", found: "another" },
    fails: ["precomputed-equal"],
  },
  {
    what: "the protocol version of after the fork",
    sql: `insert into protocol_versions (id, transaction, network, patch) values (9, 3, 0, 0);
          update blocks set protocol_version_id = 9 where height = 77`,
    names: { column: "protocol_version", expected: "2.0.0", found: "3.0.0" },
    fails: ["precomputed-equal", "no-foreign-rows"],
  },
];

const commands: readonly Tampering[] = [
  {
    what: "a user command with other values in every column",
    sql: `update user_commands set command_type = 'delegation', fee_payer_id = ${otherKey},
            source_id = ${otherKey}, receiver_id = ${otherKey}, nonce = nonce + 1, amount = null,
            fee = '1', valid_until = 12345, memo = 'none', hash = 'another'
          where id = ${commandAt(57)}`,
    names: [
      "command_type",
      "fee_payer",
      "source",
      "receiver",
      "nonce",
      "amount",
      "fee",
      "valid_until",
      "memo",
      "hash",
    ].map((column) => ({ table: "user_commands", key: "height 57, sequence_no 0", column })),
    fails: ["user-commands-equal"],
  },
  {
    what: "a failed user command that is said to be applied",
    sql: `update blocks_user_commands set status = 'applied' where block_id = ${blockAt(4)}
          and sequence_no = 1`,
    names: { key: "height 4, sequence_no 1", column: "status", found: "applied" },
    fails: ["user-commands-equal"],
  },
  {
    what: "another failure reason",
    sql: `update blocks_user_commands set failure_reason = 'Overflow'
          where block_id = ${blockAt(4)} and sequence_no = 1`,
    names: { key: "height 4, sequence_no 1", column: "failure_reason", found: "Overflow" },
    fails: ["user-commands-equal"],
  },
  {
    what: "a block without one of its user commands",
    sql: `delete from blocks_user_commands where block_id = ${blockAt(57)} and sequence_no = 0`,
    names: { key: "height 57, sequence_no 0", column: "*", found: "no row" },
    fails: ["user-commands-equal"],
  },
  {
    what: "a user command in one block too many",
    sql: `insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
          values (${blockAt(58)}, ${commandAt(57)}, 99, 'applied')`,
    names: { key: "height 58, sequence_no 99", column: "*", found: "a row" },
    fails: ["user-commands-equal"],
  },
  {
    what: "another fee of an internal command",
    sql: `update internal_commands set fee = '1' where id = (
            select max(internal_command_id) from blocks_internal_commands
            where block_id = ${blockAt(57)})`,
    names: { table: "internal_commands", column: "fee", found: "1" },
    fails: ["internal-commands-equal"],
  },
  {
    what: "an internal command that is said to have failed",
    sql: `update blocks_internal_commands set failure_reason = 'Overflow'
          where block_id = ${blockAt(58)}`,
    names: { column: "failure_reason", expected: "null", found: "Overflow" },
    fails: ["internal-commands-equal"],
  },
  {
    what: "another secondary sequence number",
    sql: `update blocks_internal_commands set secondary_sequence_no = 7
          where block_id = ${blockAt(58)}`,
    names: { table: "internal_commands", column: "*", expected: "a row" },
    fails: ["internal-commands-equal"],
  },
  {
    what: "a block without its internal commands",
    sql: `delete from blocks_internal_commands where block_id = ${blockAt(58)}`,
    names: { table: "internal_commands", column: "*", found: "no row" },
    fails: ["internal-commands-equal"],
  },
];

const accounts: readonly Tampering[] = [
  {
    what: "an accessed account that is left out",
    sql: `delete from accounts_accessed where ${firstAccountAt(58)}`,
    names: { table: "accounts_accessed", column: "*", found: "no row" },
    fails: ["accounts-accessed-complete"],
  },
  {
    what: "an account that no command accessed",
    sql: `create temp table extra as select * from accounts_accessed
            where block_id = ${blockAt(1)} and ledger_index = 7;
          update extra set block_id = ${blockAt(58)};
          insert into accounts_accessed select * from extra`,
    names: { table: "accounts_accessed", column: "*", found: "a row" },
    fails: ["accounts-accessed-complete"],
  },
  {
    what: "another creation fee",
    sql: `update accounts_created set creation_fee = '1' where block_id = ${blockAt(60)}`,
    names: { table: "accounts_created", column: "creation_fee", found: "1" },
    fails: ["accounts-created-equal"],
  },
  {
    what: "a created account that is left out",
    sql: `delete from accounts_created where block_id = ${blockAt(60)}`,
    names: { table: "accounts_created", column: "*", found: "no row" },
    fails: ["accounts-created-equal"],
  },
  {
    what: "an account that is created anew",
    sql: `insert into accounts_created (block_id, account_identifier_id, creation_fee)
          select block_id, account_identifier_id, '1000000000' from accounts_accessed
          where ${firstAccountAt(58)}`,
    names: { table: "accounts_created", column: "*", found: "a row" },
    fails: ["accounts-created-equal"],
  },
  {
    what: "a created account that no row describes",
    sql: `update accounts_created set block_id = ${blockAt(59)} where block_id = ${blockAt(60)}`,
    names: { table: "accounts_accessed", column: "*", found: "no row" },
    fails: ["accounts-created-equal"],
  },
];

const ledger: readonly Tampering[] = [
  {
    what: "a genesis account with other values in every column",
    sql: `insert into voting_for (id, value) values (9, (select state_hash from blocks limit 1));
          insert into token_symbols (id, value) values (9, 'ANY');
          update accounts_accessed set balance = '1', nonce = 3, delegate_id = ${otherKey},
            voting_for_id = 9, token_symbol_id = 9, receipt_chain_hash = (
              select receipt_chain_hash from accounts_accessed where nonce > 0 limit 1)
          where block_id = ${blockAt(1)} and ledger_index = 1000`,
    names: ["balance", "nonce", "delegate", "voting_for", "token_symbol", "receipt_chain_hash"].map(
      (column) => ({ table: "accounts_accessed", key: "ledger_index 1000", column }),
    ),
    fails: ["genesis-accounts-equal", "ledger-hash-at-tip", "no-foreign-rows"],
  },
  {
    what: "a genesis account that unlocks sooner",
    sql: `update timing_info set cliff_time = cliff_time + 1 where id = (
            select timing_id from accounts_accessed
            where block_id = ${blockAt(1)} and ledger_index = 1000)`,
    names: { key: "ledger_index 1000", column: "cliff_time" },
    fails: ["genesis-accounts-equal"],
  },
  {
    what: "a genesis account with the timing of another",
    sql: `update accounts_accessed set timing_id = (
            select timing_id from accounts_accessed
            where block_id = ${blockAt(1)} and ledger_index = 0)
          where block_id = ${blockAt(1)} and ledger_index = 1000`,
    names: { key: "ledger_index 1000", column: "timing_account" },
    fails: ["genesis-accounts-equal"],
  },
  {
    what: "a genesis account that is left out",
    sql: `delete from accounts_accessed where block_id = ${blockAt(1)} and ledger_index = 1000`,
    names: { key: "ledger_index 1000", column: "*", found: "no row" },
    fails: ["genesis-accounts-equal"],
  },
  {
    what: "another balance at the tip",
    sql: `update accounts_accessed set balance = '1' where ${firstAccountAt(130)}`,
    names: { table: "blocks", column: "ledger_hash" },
    fails: ["ledger-hash-at-tip"],
  },
  {
    what: "another place in the ledger",
    sql: `update accounts_accessed set ledger_index = 50000 where ${firstAccountAt(130)}`,
    names: { table: "accounts_accessed", column: "ledger_index" },
    fails: ["ledger-hash-at-tip"],
  },
];

const foreign: readonly Tampering[] = [
  {
    what: "a row of a zkApp",
    sql: "insert into zkapp_uris (value) values ('https://example.org')",
    names: { table: "zkapp_uris", column: "count", expected: "0", found: "1" },
    fails: ["no-foreign-rows"],
  },
  {
    what: "a second token",
    sql: "insert into tokens (id, value) values (9, 'another')",
    names: { table: "tokens", column: "*", found: "a row" },
    fails: ["no-foreign-rows"],
  },
  {
    what: "a default token that has an owner",
    sql: `update tokens set owner_public_key_id = ${otherKey}`,
    names: { table: "tokens", column: "owner_public_key_id", expected: "null" },
    fails: ["no-foreign-rows"],
  },
  {
    what: "permissions of after the fork",
    sql: "update zkapp_permissions set set_verification_key_txn_version = 3",
    names: { column: "set_verification_key_txn_version", expected: "2", found: "3" },
    fails: ["no-foreign-rows"],
  },
];

export const tamperings = [
  ...chain,
  ...blocks,
  ...precomputed,
  ...commands,
  ...accounts,
  ...ledger,
  ...foreign,
];
