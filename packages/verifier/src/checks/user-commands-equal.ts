// Does every block include the same user commands, in the same order, with the same outcome?

import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import { rowsAlongSource } from "../source-chain.ts";

/** The hash decides only between rows that a damaged archive has at one place. */
const ORDER = `order by height, i.sequence_no, c.hash collate "C"`;

export const userCommandsEqual: ArchiveCheck = {
  id: "user-commands-equal",
  name: "user commands equal the source's",

  async run({ source, target, tip, provenHeight }, findings) {
    const expected = rowsAlongSource(
      { source, tip },
      provenHeight,
      `select chain.height, i.sequence_no::text, c.hash, c.type::text as command_type,
              payer.value as fee_payer, origin.value as source, receiver.value as receiver,
              c.nonce, c.amount::text, c.fee::text, c.valid_until, c.memo,
              i.status::text, i.failure_reason
       from chain join blocks_user_commands i on i.block_id = chain.id
       left join user_commands c on c.id = i.user_command_id
       left join public_keys payer on payer.id = c.fee_payer_id
       left join public_keys origin on origin.id = c.source_id
       left join public_keys receiver on receiver.id = c.receiver_id
       ${ORDER}`,
    );
    const found = target.rows<Row>(
      `select b.height, i.sequence_no::text, c.hash, c.command_type::text,
              payer.value as fee_payer, origin.value as source, receiver.value as receiver,
              c.nonce, c.amount, c.fee, c.valid_until, c.memo,
              i.status::text, i.failure_reason
       from blocks b join blocks_user_commands i on i.block_id = b.id
       left join user_commands c on c.id = i.user_command_id
       left join public_keys payer on payer.id = c.fee_payer_id
       left join public_keys origin on origin.id = c.source_id
       left join public_keys receiver on receiver.id = c.receiver_id
       where b.height > $1
       ${ORDER}`,
      [provenHeight],
    );
    const key = { height: "integer", sequence_no: "integer" } as const;
    await compareStreams({ table: "user_commands", key, expected, found }, findings);
  },
};
