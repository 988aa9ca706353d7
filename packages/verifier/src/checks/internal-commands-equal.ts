// Does every block include the same internal commands, in the same order?

import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import { rowsAlongSource } from "../source-chain.ts";

/** The type belongs to the key: a coinbase and its fee transfer share both sequence numbers. */
const KEY = {
  height: "integer",
  sequence_no: "integer",
  secondary_sequence_no: "integer",
  command_type: "text",
} as const;

const orderBy = (type: string) =>
  `order by height, i.sequence_no, i.secondary_sequence_no, c.${type}::text collate "C", c.hash`;

export const internalCommandsEqual: ArchiveCheck = {
  id: "internal-commands-equal",
  name: "internal commands equal the source's",

  /** Those of the old chain cannot fail, which the new schema must say of each. */
  async run({ source, target, tip, provenHeight }, findings) {
    const expected = rowsAlongSource(
      { source, tip },
      provenHeight,
      `select chain.height, i.sequence_no::text, i.secondary_sequence_no::text,
              c.type::text as command_type, c.hash, receiver.value as receiver, c.fee::text,
              'applied' as status, null as failure_reason
       from chain join blocks_internal_commands i on i.block_id = chain.id
       left join internal_commands c on c.id = i.internal_command_id
       left join public_keys receiver on receiver.id = c.receiver_id
       ${orderBy("type")}`,
    );
    const found = target.rows<Row>(
      `select b.height, i.sequence_no::text, i.secondary_sequence_no::text,
              c.command_type::text, c.hash, receiver.value as receiver, c.fee,
              i.status::text, i.failure_reason
       from blocks b join blocks_internal_commands i on i.block_id = b.id
       left join internal_commands c on c.id = i.internal_command_id
       left join public_keys receiver on receiver.id = c.receiver_id
       where b.height > $1
       ${orderBy("command_type")}`,
      [provenHeight],
    );
    await compareStreams({ table: "internal_commands", key: KEY, expected, found }, findings);
  },
};
