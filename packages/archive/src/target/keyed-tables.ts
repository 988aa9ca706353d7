// The tables of the Berkeley schema whose rows stand for a value, and the columns that identify it.

import type { InternalCommand, Timing, UserCommand } from "@forklift/chain";
import type { KeyedTable } from "./find-or-insert.ts";

function valueTable(table: string): KeyedTable<string> {
  return { table, key: { value: "text" }, keyOf: (value) => [value] };
}

export const publicKeys = valueTable("public_keys");
/** Epoch ledger hashes share this table with the snarked ledger hashes. */
export const snarkedLedgerHashes = valueTable("snarked_ledger_hashes");
export const tokens = valueTable("tokens");
export const votingFor = valueTable("voting_for");
export const tokenSymbols = valueTable("token_symbols");

export interface ProtocolVersion {
  readonly transaction: number;
  readonly network: number;
  readonly patch: number;
}

export const protocolVersions: KeyedTable<ProtocolVersion> = {
  table: "protocol_versions",
  key: { transaction: "int", network: "int", patch: "int" },
  keyOf: ({ transaction, network, patch }) => [transaction, network, patch],
};

export interface EpochDataKey {
  readonly seed: string;
  readonly ledgerHashId: number;
  readonly totalCurrency: bigint;
  readonly startCheckpoint: string;
  readonly lockCheckpoint: string;
  readonly epochLength: bigint;
}

export const epochData: KeyedTable<EpochDataKey> = {
  table: "epoch_data",
  key: {
    seed: "text",
    ledger_hash_id: "int",
    total_currency: "text",
    start_checkpoint: "text",
    lock_checkpoint: "text",
    epoch_length: "bigint",
  },
  keyOf: (epoch) => [
    epoch.seed,
    epoch.ledgerHashId,
    epoch.totalCurrency,
    epoch.startCheckpoint,
    epoch.lockCheckpoint,
    epoch.epochLength,
  ],
};

/** A command and the ids of its keys. */
export interface UserCommandValue {
  readonly command: UserCommand;
  readonly feePayerId: number;
  readonly sourceId: number;
  readonly receiverId: number;
}

export const userCommands: KeyedTable<UserCommandValue> = {
  table: "user_commands",
  key: { hash: "text" },
  keyOf: ({ command }) => [command.hash],
  rest: [
    "command_type",
    "fee_payer_id",
    "source_id",
    "receiver_id",
    "nonce",
    "amount",
    "fee",
    "valid_until",
    "memo",
  ],
  restOf: ({ command, feePayerId, sourceId, receiverId }) => [
    command.type,
    feePayerId,
    sourceId,
    receiverId,
    command.nonce,
    command.amount,
    command.fee,
    command.validUntil,
    command.memo,
  ],
};

export interface InternalCommandValue {
  readonly command: InternalCommand;
  readonly receiverId: number;
}

export const internalCommands: KeyedTable<InternalCommandValue> = {
  table: "internal_commands",
  key: { hash: "text", command_type: "internal_command_type" },
  keyOf: ({ command }) => [command.hash, command.type],
  rest: ["receiver_id", "fee"],
  restOf: ({ command, receiverId }) => [receiverId, command.fee],
};

export interface AccountIdentifier {
  readonly publicKeyId: number;
  readonly tokenId: number;
}

export const accountIdentifiers: KeyedTable<AccountIdentifier> = {
  table: "account_identifiers",
  key: { public_key_id: "int", token_id: "int" },
  keyOf: ({ publicKeyId, tokenId }) => [publicKeyId, tokenId],
  isRememberedElsewhere: true,
};

export interface TimingKey extends Timing {
  readonly accountIdentifierId: number;
}

/** Not unique in the schema: an account gets a second row when it leaves its vesting. */
export const timingInfo: KeyedTable<TimingKey> = {
  table: "timing_info",
  key: {
    account_identifier_id: "int",
    initial_minimum_balance: "text",
    cliff_time: "bigint",
    cliff_amount: "text",
    vesting_period: "bigint",
    vesting_increment: "text",
  },
  keyOf: (timing) => [
    timing.accountIdentifierId,
    timing.initialMinimumBalance,
    timing.cliffTime,
    timing.cliffAmount,
    timing.vestingPeriod,
    timing.vestingIncrement,
  ],
  isRememberedElsewhere: true,
};
