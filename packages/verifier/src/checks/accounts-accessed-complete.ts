// Does `accounts_accessed` hold exactly the accounts that the commands of each block touch?

import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import { rowsAlongSource } from "../source-chain.ts";
import { DEFAULT_TOKEN } from "../tables.ts";

const GENESIS_HEIGHT = 1n;

export const accountsAccessedComplete: ArchiveCheck = {
  id: "accounts-accessed-complete",
  name: "accounts accessed are those that the source's commands touch",

  /**
   * A fee payer pays whatever becomes of the command, its receiver counts if it was applied, and an
   * internal command touches its receiver. The genesis block has accounts without commands.
   */
  async run({ source, target, tip, provenHeight }, findings) {
    const above = provenHeight < GENESIS_HEIGHT ? GENESIS_HEIGHT : provenHeight;
    const expected = rowsAlongSource(
      { source, tip },
      above,
      `select touched.height, key.value as public_key, $3::text as token
       from (
         select chain.height, c.fee_payer_id as key_id
         from chain join blocks_user_commands i on i.block_id = chain.id
         join user_commands c on c.id = i.user_command_id
         union
         select chain.height, c.receiver_id
         from chain join blocks_user_commands i on i.block_id = chain.id
         join user_commands c on c.id = i.user_command_id
         where i.status = 'applied'
         union
         select chain.height, c.receiver_id
         from chain join blocks_internal_commands i on i.block_id = chain.id
         join internal_commands c on c.id = i.internal_command_id
       ) touched join public_keys key on key.id = touched.key_id
       order by touched.height, key.value collate "C"`,
      [DEFAULT_TOKEN],
    );
    const found = target.rows<Row>(
      `select b.height, key.value as public_key, token.value as token
       from blocks b join accounts_accessed a on a.block_id = b.id
       left join account_identifiers account on account.id = a.account_identifier_id
       left join public_keys key on key.id = account.public_key_id
       left join tokens token on token.id = account.token_id
       where b.height > $1
       order by b.height, key.value collate "C"`,
      [above],
    );
    const key = { height: "integer", public_key: "text" } as const;
    await compareStreams({ table: "accounts_accessed", key, expected, found }, findings);
  },
};
