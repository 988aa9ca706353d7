// What `forklift migrate` must have written for the chain of the data's tip: row by row from the text
// of the last dump, the JSON of the precomputed blocks and the genesis ledger, by the rules of the
// migration written out as plainly as they can be. Slow, and shares no code with what it judges: of
// the repository it knows only where the data lies.
//
// The replay's tables are those of the genesis block: its accounts are accessed, none is created.

import { MAINNET, mainnetDump, sharedPath } from "@forklift/testkit";
import { type ChainBlock, type EpochJson, readChain } from "./chain-blocks.ts";
import { type DumpRow, readDumpTables } from "./dump-tables.ts";
import { type GenesisAccount, readGenesisAccounts } from "./genesis-accounts.ts";
import type { NaturalRow, NaturalTables } from "./natural-rows.ts";

/** The field element 1 in base58check: the token of every account before the fork. */
const DEFAULT_TOKEN = "wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf";

/** The receipt chain of an account that never sent anything. */
const EMPTY_RECEIPT_CHAIN = "2mzbV7WevxLuchs2dAMY4vQBS6XttnCUF8Hvks4XNBQ5qiSGGBQe";

/** The state hash of all zeros. */
const NO_VOTE = "3NK2tkzqqK5spR2sZ7tujjqPksL45M3UUrcA4WhCkeiPtnugyE2x";

/** Transaction, network, patch: what ran before Berkeley's 3.0.0. */
const PROTOCOL_VERSION = { transaction: "2", network: "0", patch: "0" };

/** What every account lets whom change. Two: the transaction version before Berkeley. */
const PERMISSIONS = {
  edit_state: "signature",
  send: "signature",
  receive: "none",
  access: "none",
  set_delegate: "signature",
  set_permissions: "signature",
  set_verification_key_auth: "signature",
  set_verification_key_txn_version: "2",
  set_zkapp_uri: "signature",
  edit_action_state: "signature",
  set_token_symbol: "signature",
  increment_nonce: "signature",
  set_voting_for: "signature",
  set_timing: "signature",
};

/** There were no zkApps before the fork, so nothing is in these; and the replay's is not filled yet. */
const EMPTY_TABLES = [
  "accounts_created",
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
];

export function expectedTables(): NaturalTables {
  const dump = readDumpTables(sharedPath(`data/mainnet/dumps/${mainnetDump(MAINNET.dumps[3])}`));
  const chain = readChain(dump["blocks"]!, MAINNET.tip);
  const accounts = readGenesisAccounts();

  const keyOf = valuesById(dump["public_keys"]!);
  const stateHashOf = new Map(chain.map(({ row }) => [row["id"]!, row["state_hash"]!]));
  const userInclusions = inclusionsIn(stateHashOf, dump["blocks_user_commands"]!);
  const internalInclusions = inclusionsIn(stateHashOf, dump["blocks_internal_commands"]!);
  const userCommands = included(dump["user_commands"]!, userInclusions, "user_command_id");
  const internalCommands = included(
    dump["internal_commands"]!,
    internalInclusions,
    "internal_command_id",
  );
  const userCommandOf = rowsById(userCommands);
  const internalCommandOf = rowsById(internalCommands);
  const epochs = chain.flatMap(({ body: { consensus_state: consensus } }) => [
    consensus.staking_epoch_data,
    consensus.next_epoch_data,
  ]);

  return {
    ...Object.fromEntries(EMPTY_TABLES.map((table) => [table, []])),

    blocks: chain.map(blockRow),

    public_keys: distinctValues([
      ...chain.map(({ body }) => body.consensus_state.block_creator),
      ...chain.map(({ body }) => body.consensus_state.block_stake_winner),
      ...userCommands.flatMap((command) => [
        keyOf(command["fee_payer_id"]!),
        keyOf(command["source_id"]!),
        keyOf(command["receiver_id"]!),
      ]),
      ...internalCommands.map((command) => keyOf(command["receiver_id"]!)),
      ...accounts.map(({ publicKey }) => publicKey),
      ...accounts.map(({ delegate }) => delegate),
    ]),

    snarked_ledger_hashes: distinctValues([
      ...chain.map(({ body }) => body.blockchain_state.snarked_ledger_hash),
      ...epochs.map(({ ledger }) => ledger.hash),
    ]),

    epoch_data: distinct(epochs.map((epoch) => epochColumns("", epoch))),

    protocol_versions: [PROTOCOL_VERSION],

    user_commands: userCommands.map((command) => ({
      command_type: command["type"]!,
      fee_payer: keyOf(command["fee_payer_id"]!),
      source: keyOf(command["source_id"]!),
      receiver: keyOf(command["receiver_id"]!),
      nonce: command["nonce"]!,
      amount: command["amount"]!,
      fee: command["fee"]!,
      valid_until: command["valid_until"]!,
      memo: command["memo"]!,
      hash: command["hash"]!,
    })),

    blocks_user_commands: userInclusions.map((inclusion) => ({
      block: stateHashOf.get(inclusion["block_id"]!)!,
      command: userCommandOf(inclusion["user_command_id"]!)["hash"]!,
      sequence_no: inclusion["sequence_no"]!,
      status: inclusion["status"]!,
      failure_reason: inclusion["failure_reason"]!,
    })),

    internal_commands: internalCommands.map((command) => ({
      command_type: command["type"]!,
      receiver: keyOf(command["receiver_id"]!),
      fee: command["fee"]!,
      hash: command["hash"]!,
    })),

    // An internal command could not fail before the fork.
    blocks_internal_commands: internalInclusions.map((inclusion) => ({
      block: stateHashOf.get(inclusion["block_id"]!)!,
      command: internalCommandOf(inclusion["internal_command_id"]!)["hash"]!,
      command_type: internalCommandOf(inclusion["internal_command_id"]!)["type"]!,
      sequence_no: inclusion["sequence_no"]!,
      secondary_sequence_no: inclusion["secondary_sequence_no"]!,
      status: "applied",
      failure_reason: null,
    })),

    tokens: [{ value: DEFAULT_TOKEN, owner_public_key: null, owner_token: null }],
    token_symbols: [{ value: "" }],
    voting_for: [{ value: NO_VOTE }],
    zkapp_permissions: [PERMISSIONS],

    account_identifiers: accounts.map(({ publicKey }) => ({
      public_key: publicKey,
      token: DEFAULT_TOKEN,
    })),

    timing_info: accounts.map(timingColumns),

    accounts_accessed: accounts.map((account, ledgerIndex) => ({
      ledger_index: String(ledgerIndex),
      block: chain[0]!.row["state_hash"]!,
      public_key: account.publicKey,
      token: DEFAULT_TOKEN,
      token_symbol: "",
      balance: account.balance,
      nonce: "0",
      receipt_chain_hash: EMPTY_RECEIPT_CHAIN,
      delegate: account.delegate,
      voting_for: NO_VOTE,
      zkapp_id: null,
      ...prefixed("timing_", timingColumns(account)),
      ...prefixed("permissions_", PERMISSIONS),
    })),
  };
}

/** Every block of the chain becomes canonical, also one that the dump still holds as pending. */
function blockRow({ row, body }: ChainBlock): NaturalRow {
  const consensus = body.consensus_state;
  return {
    state_hash: row["state_hash"]!,
    parent: row["height"] === "1" ? null : row["parent_hash"]!,
    parent_hash: row["parent_hash"]!,
    creator: consensus.block_creator,
    block_winner: consensus.block_stake_winner,
    last_vrf_output: consensus.last_vrf_output,
    snarked_ledger_hash: body.blockchain_state.snarked_ledger_hash,
    ...epochColumns("staking_", consensus.staking_epoch_data),
    ...epochColumns("next_", consensus.next_epoch_data),
    min_window_density: consensus.min_window_density,
    sub_window_densities: `{${consensus.sub_window_densities.join(",")}}`,
    total_currency: consensus.total_currency,
    ledger_hash: row["ledger_hash"]!,
    height: row["height"]!,
    global_slot_since_hard_fork: row["global_slot"]!,
    global_slot_since_genesis: row["global_slot_since_genesis"]!,
    ...prefixed("protocol_version_", PROTOCOL_VERSION),
    proposed_protocol_version_id: null,
    timestamp: row["timestamp"]!,
    chain_status: "canonical",
  };
}

function epochColumns(prefix: string, epoch: EpochJson): NaturalRow {
  return prefixed(prefix, {
    seed: epoch.seed,
    ledger_hash: epoch.ledger.hash,
    total_currency: epoch.ledger.total_currency,
    start_checkpoint: epoch.start_checkpoint,
    lock_checkpoint: epoch.lock_checkpoint,
    epoch_length: epoch.epoch_length,
  });
}

/** Without a schedule a row of zeros, not none. */
function timingColumns({ publicKey, timing }: GenesisAccount): NaturalRow {
  return {
    public_key: publicKey,
    token: DEFAULT_TOKEN,
    initial_minimum_balance: timing.initialMinimumBalance,
    cliff_time: timing.cliffTime,
    cliff_amount: timing.cliffAmount,
    vesting_period: timing.vestingPeriod,
    vesting_increment: timing.vestingIncrement,
  };
}

/** The rows that put a command into a block of the chain. */
function inclusionsIn(
  stateHashOf: ReadonlyMap<string, string>,
  rows: readonly DumpRow[],
): readonly DumpRow[] {
  return rows.filter((row) => stateHashOf.has(row["block_id"]!));
}

/** The commands that are in a block of the chain, each once however many blocks it is in. */
function included(
  commands: readonly DumpRow[],
  inclusions: readonly DumpRow[],
  reference: string,
): readonly DumpRow[] {
  const ids = new Set(inclusions.map((inclusion) => inclusion[reference]));
  return commands.filter((command) => ids.has(command["id"]!));
}

function rowsById(rows: readonly DumpRow[]): (id: string) => DumpRow {
  const byId = new Map(rows.map((row) => [row["id"]!, row]));
  return (id) => {
    const row = byId.get(id);
    if (row === undefined) throw new Error(`the dump has no row ${id} where one refers to it`);
    return row;
  };
}

function valuesById(rows: readonly DumpRow[]): (id: string) => string {
  const rowOf = rowsById(rows);
  return (id) => rowOf(id)["value"]!;
}

function distinctValues(values: readonly string[]): readonly NaturalRow[] {
  return [...new Set(values)].map((value) => ({ value }));
}

function distinct(rows: readonly NaturalRow[]): readonly NaturalRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

function prefixed(prefix: string, row: NaturalRow): NaturalRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [prefix + name, value]));
}
