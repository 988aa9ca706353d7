// Are the columns that both schemas know the same in every block?

import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";
import { rowsAlongSource } from "../source-chain.ts";

export const blocksEqual: ArchiveCheck = {
  id: "blocks-equal",
  name: "blocks equal the source's",

  /**
   * The proven block is compared once more: it is the parent of the first new one, and both chains
   * must pass through it.
   */
  async run({ source, target, tip, provenHeight }, findings) {
    const above = provenHeight > 0n ? provenHeight - 1n : 0n;
    const expected = rowsAlongSource(
      { source, tip },
      above,
      `select b.height, b.state_hash, b.parent_hash, b.ledger_hash,
              b.global_slot as global_slot_since_hard_fork, b.global_slot_since_genesis,
              b."timestamp"::text, creator.value as creator, winner.value as block_winner
       from chain join blocks b on b.id = chain.id
       left join public_keys creator on creator.id = b.creator_id
       left join public_keys winner on winner.id = b.block_winner_id
       order by b.height`,
    );
    const found = target.rows<Row>(
      `select b.height, b.state_hash, b.parent_hash, b.ledger_hash,
              b.global_slot_since_hard_fork, b.global_slot_since_genesis,
              b."timestamp", creator.value as creator, winner.value as block_winner
       from blocks b
       left join public_keys creator on creator.id = b.creator_id
       left join public_keys winner on winner.id = b.block_winner_id
       where b.height > $1
       order by b.height, b.state_hash collate "C"`,
      [above],
    );
    const key = { height: "integer" } as const;
    await compareStreams({ table: "blocks", key, expected, found }, findings);
  },
};
