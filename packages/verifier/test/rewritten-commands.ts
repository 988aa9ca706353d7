// Gives a block of a target the commands that a file of it has, as a migration from that file would have done.

import type { BlockRef } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { BlockContent } from "@forklift/precomputed";

type Commands = Pick<BlockContent, "userCommands" | "internalCommands">;

/** Within the caller's transaction. The user commands are those that it has, in another order or by other hashes. */
export async function rewriteCommands(
  target: Session,
  { stateHash }: BlockRef,
  { userCommands, internalCommands }: Commands,
): Promise<void> {
  const [block] = await target.query<{ id: number }>(
    "select id from blocks where state_hash = $1",
    [stateHash],
  );
  const { id } = block!;
  for (const { command, sequenceNo } of userCommands) {
    await target.query(
      `with found as (
         update user_commands c set hash = $1 from blocks_user_commands i, public_keys k
         where i.block_id = $2 and i.user_command_id = c.id and k.id = c.fee_payer_id
           and k.value = $3 and c.nonce = $4
         returning c.id)
       update blocks_user_commands i set sequence_no = $5 from found
       where i.block_id = $2 and i.user_command_id = found.id`,
      [command.hash, id, command.feePayer, String(command.nonce), sequenceNo],
    );
  }
  await target.query("delete from blocks_internal_commands where block_id = $1", [id]);
  for (const { command, sequenceNo, secondarySequenceNo } of internalCommands) {
    const { hash, type, receiver, fee } = command;
    await target.query(
      `insert into internal_commands (command_type, receiver_id, fee, hash)
       select $1::internal_command_type, k.id, $2, $3 from public_keys k where k.value = $4
       on conflict do nothing`,
      [type, String(fee), hash, receiver],
    );
    await target.query(
      `insert into blocks_internal_commands
         (block_id, internal_command_id, sequence_no, secondary_sequence_no, status)
       select $1, c.id, $2, $3, 'applied' from internal_commands c
       where c.hash = $4 and c.command_type = $5::internal_command_type`,
      [id, sequenceNo, secondarySequenceNo, hash, type],
    );
  }
  await target.query(
    `delete from internal_commands c where not exists (
       select from blocks_internal_commands i where i.internal_command_id = c.id)`,
  );
}
