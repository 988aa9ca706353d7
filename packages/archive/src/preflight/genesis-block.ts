// The genesis block of an archive of either era, which identifies the archive's network.

import type { Session } from "@forklift/postgres";

/** As the archive has them; nothing is checked. */
export interface GenesisBlock {
  readonly stateHash: string;
  readonly ledgerHash: string;
}

/** Null for an archive without a block at height 1. Of several there, a canonical one that another builds on. */
export async function readGenesisBlock(archive: Session): Promise<GenesisBlock | null> {
  const [row] = await archive.query<{ state_hash: string; ledger_hash: string }>(
    `select b.state_hash, b.ledger_hash from blocks b where b.height = 1
     order by b.chain_status::text,
              exists (select from blocks child where child.parent_hash = b.state_hash) desc limit 1`,
  );
  return row === undefined ? null : { stateHash: row.state_hash, ledgerHash: row.ledger_hash };
}
