// Commands out of their rows, which name the same values in either era's tables. The verifier reads them by
// code of its own (`commandOfRow`): it must not share a mistake with what it verifies.

import {
  type InternalCommand,
  type InternalCommandType,
  type Memo,
  type PublicKey,
  type TransactionHash,
  UINT32_MAX,
  type UserCommand,
  type UserCommandType,
} from "@forklift/chain";

/** Columns of a user command, its keys by value. */
export interface UserCommandRow {
  readonly type: UserCommandType;
  readonly fee_payer: PublicKey;
  readonly source: PublicKey;
  readonly receiver: PublicKey;
  readonly nonce: string;
  readonly amount: string | null;
  readonly fee: string;
  readonly valid_until: string | null;
  readonly memo: Memo;
  readonly hash: TransactionHash;
}

/** Likewise of an internal command. */
export interface InternalCommandRow {
  readonly type: InternalCommandType;
  readonly receiver: PublicKey;
  readonly fee: string;
  readonly hash: TransactionHash;
}

/** Texts are taken as they stand: whoever hashes them finds out what is malformed. */
export function userCommandOf(row: UserCommandRow): UserCommand {
  return {
    type: row.type,
    feePayer: row.fee_payer,
    source: row.source,
    receiver: row.receiver,
    nonce: BigInt(row.nonce),
    amount: bigintOrNull(row.amount),
    fee: BigInt(row.fee),
    validUntil: slotOrNull(row.valid_until),
    memo: row.memo,
    hash: row.hash,
  };
}

export function internalCommandOf({
  type,
  receiver,
  fee,
  hash,
}: InternalCommandRow): InternalCommand {
  return { type, receiver, fee: BigInt(fee), hash };
}

/** No limit is a null, or the greatest slot that there can be: the form in which a command is signed. */
function slotOrNull(text: string | null): bigint | null {
  const slot = bigintOrNull(text);
  return slot === UINT32_MAX ? null : slot;
}

function bigintOrNull(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

/** Commands by the id of their block, each in the order of the rows. */
export function byBlock<Row extends { readonly block_id: number }, Command>(
  rows: readonly Row[],
  commandOf: (row: Row) => Command,
): Map<number, Command[]> {
  const commands = new Map<number, Command[]>();
  for (const row of rows) {
    const ofBlock = commands.get(row.block_id);
    if (ofBlock === undefined) commands.set(row.block_id, [commandOf(row)]);
    else ofBlock.push(commandOf(row));
  }
  return commands;
}
