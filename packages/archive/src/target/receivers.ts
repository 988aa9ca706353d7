// Who has received anything on the target's chain: the accounts that its commands have opened, or that were there.

import type { PublicKey } from "@forklift/chain";
import type { Session } from "@forklift/postgres";

/** Each once, in constant memory; until the loop has ended, the session is the cursor's. */
export async function* readReceivers(target: Session): AsyncGenerator<PublicKey> {
  const rows = target.rows<{ value: PublicKey }>(
    `select key.value from public_keys key where key.id in (
       select c.receiver_id from user_commands c
       join blocks_user_commands bc on bc.user_command_id = c.id and bc.status = 'applied'
       join blocks b on b.id = bc.block_id and b.chain_status = 'canonical'
       where c.command_type = 'payment'
       union
       select c.receiver_id from internal_commands c
       join blocks_internal_commands bc on bc.internal_command_id = c.id
       join blocks b on b.id = bc.block_id and b.chain_status = 'canonical')`,
  );
  for await (const { value } of rows) yield value;
}
