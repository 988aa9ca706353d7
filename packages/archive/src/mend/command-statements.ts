// The statements that write the commands of one block anew: first the commands themselves, then that the block includes
// them, with the balances that it recorded.

import {
  type BlockRef,
  DEFAULT_TOKEN_ID,
  type IncludedInternalCommand,
  type IncludedUserCommand,
} from "@forklift/chain";
import { keyId, keyInserted, literal } from "./script-values.ts";

/** Balances and fees are nanomina, null where the block recorded none. */
export interface UserCommandToMend extends IncludedUserCommand {
  readonly creationFee: bigint | null;
  readonly feePayerBalance: bigint | null;
  readonly sourceBalance: bigint | null;
  readonly receiverBalance: bigint | null;
}

export interface InternalCommandToMend extends IncludedInternalCommand {
  readonly creationFee: bigint | null;
  readonly receiverBalance: bigint;
}

export interface CommandsToMend {
  readonly userCommands: readonly UserCommandToMend[];
  readonly internalCommands: readonly InternalCommandToMend[];
}

export function commandStatements(
  { height, stateHash }: BlockRef,
  { userCommands, internalCommands }: CommandsToMend,
): string[] {
  const block = `(select min(id) from blocks where state_hash = ${literal(stateHash)})`;
  const place = { block, height };
  return [
    ...["blocks_user_commands", "blocks_internal_commands", "balances"].map(
      (table) => `delete from ${table} where block_id = ${block};`,
    ),
    ...userCommands.flatMap((included) => userCommandStatements(place, included)),
    ...internalCommands.flatMap((included) => internalCommandStatements(place, included)),
  ];
}

interface Place {
  /** Its id, in SQL. */
  readonly block: string;
  readonly height: bigint;
}

type Values = Readonly<Record<string, string>>;

function userCommandStatements(place: Place, included: UserCommandToMend): string[] {
  const { command, sequenceNo, status, failureReason, creationFee } = included;
  const { feePayer, source, receiver } = command;
  const values: Values = {
    type: literal(command.type),
    fee_payer_id: keyId(feePayer),
    source_id: keyId(source),
    receiver_id: keyId(receiver),
    fee_token: String(DEFAULT_TOKEN_ID),
    token: String(DEFAULT_TOKEN_ID),
    nonce: String(command.nonce),
    amount: numberOrNull(command.amount),
    fee: String(command.fee),
    valid_until: numberOrNull(command.validUntil),
    memo: literal(command.memo),
  };
  const hash = literal(command.hash);
  // One row a key: fee payer, source and receiver are often the same.
  const balances = new Map([
    [receiver, included.receiverBalance],
    [source, included.sourceBalance],
    [feePayer, included.feePayerBalance],
  ]);
  const at = { ...place, sequenceNo, secondarySequenceNo: 0 };
  const balance = (key: string) => balanceId(at, key, balances.get(key as typeof receiver) ?? null);
  return [
    ...[feePayer, source, receiver].map(keyInserted),
    upserted("user_commands", values, { hash }),
    ...[...balances].flatMap(([key, amount]) =>
      amount === null
        ? []
        : [
            balanceInserted(at, key, {
              amount,
              nonce: key === feePayer ? command.nonce + 1n : null,
            }),
          ],
    ),
    inserted("blocks_user_commands", {
      block_id: place.block,
      user_command_id: `(select min(id) from user_commands where hash = ${hash})`,
      sequence_no: String(sequenceNo),
      status: literal(status),
      failure_reason: failureReason === null ? "null" : literal(failureReason),
      receiver_account_creation_fee_paid: numberOrNull(creationFee),
      fee_payer_balance: balance(feePayer),
      source_balance: included.sourceBalance === null ? "null" : balance(source),
      receiver_balance: included.receiverBalance === null ? "null" : balance(receiver),
    }),
  ];
}

function internalCommandStatements(place: Place, included: InternalCommandToMend): string[] {
  const { command, sequenceNo, secondarySequenceNo, creationFee, receiverBalance } = included;
  const { receiver } = command;
  const at = { ...place, sequenceNo, secondarySequenceNo };
  const named: Values = { hash: literal(command.hash), type: literal(command.type) };
  const values: Values = {
    receiver_id: keyId(receiver),
    fee: String(command.fee),
    token: String(DEFAULT_TOKEN_ID),
  };
  return [
    keyInserted(receiver),
    upserted("internal_commands", values, named),
    balanceInserted(at, receiver, { amount: receiverBalance, nonce: null }),
    inserted("blocks_internal_commands", {
      block_id: place.block,
      internal_command_id: `(select min(id) from internal_commands where ${isNamed(named)})`,
      sequence_no: String(sequenceNo),
      secondary_sequence_no: String(secondarySequenceNo),
      receiver_account_creation_fee_paid: numberOrNull(creationFee),
      receiver_balance: balanceId(at, receiver, receiverBalance),
    }),
  ];
}

interface CommandPlace extends Place {
  readonly sequenceNo: number;
  readonly secondarySequenceNo: number;
}

/** A coinbase and its fee transfer may leave one receiver with one balance: that is one row. */
function balanceInserted(
  at: CommandPlace,
  key: string,
  { amount, nonce }: { readonly amount: bigint; readonly nonce: bigint | null },
): string {
  const { block, height, sequenceNo, secondarySequenceNo } = at;
  const values = [keyId(key), amount, block, height, sequenceNo, secondarySequenceNo];
  return (
    "insert into balances (public_key_id, balance, block_id, block_height, block_sequence_no, " +
    `block_secondary_sequence_no, nonce) select ${[...values, numberOrNull(nonce)].join(", ")} ` +
    `where ${balanceId(at, key, amount)} is null;`
  );
}

function balanceId(at: CommandPlace, key: string, amount: bigint | null): string {
  if (amount === null) return "null";
  return (
    `(select min(id) from balances where block_id = ${at.block} and public_key_id = ${keyId(key)} ` +
    `and balance = ${amount} and block_sequence_no = ${at.sequenceNo} ` +
    `and block_secondary_sequence_no = ${at.secondarySequenceNo})`
  );
}

/** The row by its name, as it should be: put right where it is there, else made. */
function upserted(table: string, values: Values, named: Values): string {
  const isOther = Object.entries(values).map(
    ([name, value]) => `${name} is distinct from ${value}`,
  );
  const sets = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  return (
    `update ${table} set ${sets.join(", ")} where ${isNamed(named)} and (${isOther.join(" or ")});\n` +
    `insert into ${table} (${Object.keys({ ...named, ...values }).join(", ")}) ` +
    `select ${Object.values({ ...named, ...values }).join(", ")} ` +
    `where not exists (select from ${table} where ${isNamed(named)});`
  );
}

function isNamed(named: Values): string {
  return Object.entries(named)
    .map(([name, value]) => `${name} = ${value}`)
    .join(" and ");
}

function inserted(table: string, values: Values): string {
  return (
    `insert into ${table} (${Object.keys(values).join(", ")}) ` +
    `values (${Object.values(values).join(", ")});`
  );
}

function numberOrNull(value: bigint | null): string {
  return value === null ? "null" : String(value);
}
