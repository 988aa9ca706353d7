// Reads the commands of blocks from a pre-fork archive, in the order in which the blocks apply them.

import type {
  CommandStatus,
  FailureReason,
  IncludedInternalCommand,
  IncludedUserCommand,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import {
  byBlock,
  type InternalCommandRow,
  internalCommandOf,
  type UserCommandRow,
  userCommandOf,
} from "../command-rows.ts";

/** Commands by the source's id of their block. */
export async function readSourceUserCommands(
  source: Session,
  blockIds: readonly number[],
): Promise<Map<number, IncludedUserCommand[]>> {
  const rows = await source.query<
    UserCommandRow & {
      block_id: number;
      sequence_no: number;
      status: CommandStatus;
      failure_reason: FailureReason | null;
    }
  >(
    `select bc.block_id, bc.sequence_no, bc.status, bc.failure_reason, c.type,
            fee_payer.value as fee_payer, source.value as source, receiver.value as receiver,
            c.nonce, c.amount, c.fee, c.valid_until, c.memo, c.hash
     from blocks_user_commands bc
     join user_commands c on c.id = bc.user_command_id
     join public_keys fee_payer on fee_payer.id = c.fee_payer_id
     join public_keys source on source.id = c.source_id
     join public_keys receiver on receiver.id = c.receiver_id
     where bc.block_id = any($1)
     order by bc.block_id, bc.sequence_no`,
    [blockIds],
  );
  return byBlock(rows, (row) => ({
    command: userCommandOf(row),
    sequenceNo: row.sequence_no,
    status: row.status,
    failureReason: row.failure_reason,
  }));
}

/**
 * Commands by the source's id of their block. A coinbase shares both its numbers with the fee
 * transfer that it pays, and is the first of the two.
 */
export async function readSourceInternalCommands(
  source: Session,
  blockIds: readonly number[],
): Promise<Map<number, IncludedInternalCommand[]>> {
  const rows = await source.query<
    InternalCommandRow & { block_id: number; sequence_no: number; secondary_sequence_no: number }
  >(
    `select bc.block_id, bc.sequence_no, bc.secondary_sequence_no, c.type,
            receiver.value as receiver, c.fee, c.hash
     from blocks_internal_commands bc
     join internal_commands c on c.id = bc.internal_command_id
     join public_keys receiver on receiver.id = c.receiver_id
     where bc.block_id = any($1)
     order by bc.block_id, bc.sequence_no, bc.secondary_sequence_no, c.type <> 'coinbase'`,
    [blockIds],
  );
  return byBlock(rows, (row) => ({
    command: internalCommandOf(row),
    sequenceNo: row.sequence_no,
    secondarySequenceNo: row.secondary_sequence_no,
  }));
}
