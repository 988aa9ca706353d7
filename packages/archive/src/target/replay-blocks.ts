// Reads migrated blocks back, with the commands that a replay applies, in the order of the chain.

import {
  type BlockRef,
  type CommandStatus,
  type FailureReason,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import {
  byBlock,
  type InternalCommandRow,
  internalCommandOf,
  type UserCommandRow,
  userCommandOf,
} from "../command-rows.ts";
import type { PlacedCommand, ReplayBlock } from "../replay-block.ts";

/** The canonical blocks above genesis at the given heights, ascending. */
export async function readReplayBlocks(
  target: Session,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<ReplayBlock[]> {
  const blocks = await target.query<{
    id: number;
    height: string;
    state_hash: BlockRef["stateHash"];
    ledger_hash: LedgerHash;
    slot: string;
    parent_slot: string;
  }>(
    `select b.id, b.height, b.state_hash, b.ledger_hash, b.global_slot_since_genesis as slot,
            parent.global_slot_since_genesis as parent_slot
     from blocks b join blocks parent on parent.id = b.parent_id
     where b.height between $1 and $2 and b.chain_status = 'canonical' order by b.height`,
    [from, to],
  );
  const commands = await readReplayCommands(
    target,
    blocks.map(({ id }) => id),
  );
  return blocks.map((block) => ({
    id: block.id,
    height: BigInt(block.height),
    stateHash: block.state_hash,
    ledgerHash: block.ledger_hash,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(block.slot),
    parentSlot: parseGlobalSlotSinceGenesis(block.parent_slot),
    commands: commands.get(block.id) ?? [],
  }));
}

interface PlaceRow {
  readonly block_id: number;
  readonly sequence_no: number;
  readonly secondary_sequence_no: number;
}

type CommandRow = PlaceRow &
  (
    | (UserCommandRow & {
        readonly status: CommandStatus;
        readonly failure_reason: FailureReason | null;
      })
    /** Whatever else a user command has is null, too. */
    | (InternalCommandRow & { readonly fee_payer: null })
  );

/** The commands of blocks by the id of the block; one without commands has no entry. */
export async function readReplayCommands(
  target: Session,
  blockIds: readonly number[],
): Promise<ReadonlyMap<number, readonly PlacedCommand[]>> {
  const rows = await target.query<CommandRow>(
    `select block_id, sequence_no, secondary_sequence_no, type, hash, receiver.value as receiver,
            fee, fee_payer.value as fee_payer, source.value as source,
            nonce, amount, valid_until, memo, status, failure_reason
     from (
       select bc.block_id, bc.sequence_no, 0 as secondary_sequence_no, c.command_type::text as type,
              c.hash, c.receiver_id, c.fee, c.fee_payer_id, c.source_id, c.nonce, c.amount,
              c.valid_until, c.memo, bc.status::text, bc.failure_reason
       from blocks_user_commands bc join user_commands c on c.id = bc.user_command_id
       where bc.block_id = any($1)
       union all
       select bc.block_id, bc.sequence_no, bc.secondary_sequence_no, c.command_type::text,
              c.hash, c.receiver_id, c.fee, null, null, null, null, null, null, null, null
       from blocks_internal_commands bc join internal_commands c on c.id = bc.internal_command_id
       where bc.block_id = any($1)
     ) command
     join public_keys receiver on receiver.id = command.receiver_id
     left join public_keys fee_payer on fee_payer.id = command.fee_payer_id
     left join public_keys source on source.id = command.source_id
     order by block_id, sequence_no, secondary_sequence_no,
              array_position(array['coinbase', 'fee_transfer_via_coinbase'], type)`,
    [blockIds],
  );
  return byBlock(rows, placedCommand);
}

function placedCommand(row: CommandRow): PlacedCommand {
  const place = { sequenceNo: row.sequence_no, secondarySequenceNo: row.secondary_sequence_no };
  if (row.fee_payer === null)
    return { ...place, kind: "internal", command: internalCommandOf(row) };
  const { status, failure_reason: failureReason } = row;
  return { ...place, kind: "user", command: userCommandOf(row), status, failureReason };
}
