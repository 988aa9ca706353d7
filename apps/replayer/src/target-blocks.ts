// What the replay asks of the target's blocks besides their commands.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  parseStateHash,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";

export interface TargetBlock extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  readonly ledgerHash: LedgerHash;
}

interface Row {
  readonly height: string;
  readonly state_hash: string;
  readonly slot: string;
  readonly ledger_hash: LedgerHash;
}

const COLUMNS = "height, state_hash, global_slot_since_genesis as slot, ledger_hash";

export async function findTip(target: Session): Promise<TargetBlock | null> {
  return blockOf(
    await target.query<Row>(`select ${COLUMNS} from blocks order by height desc limit 1`),
  );
}

export async function findBlockAtHeight(
  target: Session,
  height: bigint,
): Promise<TargetBlock | null> {
  return blockOf(
    await target.query<Row>(`select ${COLUMNS} from blocks where height = $1`, [height]),
  );
}

export async function findBlock(target: Session, stateHash: string): Promise<TargetBlock | null> {
  return blockOf(
    await target.query<Row>(`select ${COLUMNS} from blocks where state_hash = $1`, [stateHash]),
  );
}

/** The block of a slot or, when that slot is empty, of the last filled one before it. */
export async function findBlockAtOrBelow(
  target: Session,
  slot: bigint,
): Promise<TargetBlock | null> {
  return blockOf(
    await target.query<Row>(
      `select ${COLUMNS} from blocks where global_slot_since_genesis <= $1
       order by height desc limit 1`,
      [slot],
    ),
  );
}

/** The highest block that has rows in `accounts_accessed`; genesis has them from the migration. */
export async function findLastRecorded(target: Session): Promise<TargetBlock | null> {
  return blockOf(
    await target.query<Row>(
      `select ${COLUMNS} from blocks
       where exists (select from accounts_accessed a where a.block_id = blocks.id)
       order by height desc limit 1`,
    ),
  );
}

/** How many blocks in (above, upTo] have commands. */
export async function countBlocksWithCommands(
  target: Session,
  { above, upTo }: { readonly above: bigint; readonly upTo: bigint },
): Promise<bigint> {
  const [row] = await target.query<{ count: string }>(
    `select count(*) as count from blocks b
     where b.height > $1 and b.height <= $2
       and (exists (select from blocks_user_commands c where c.block_id = b.id)
            or exists (select from blocks_internal_commands c where c.block_id = b.id))`,
    [above, upTo],
  );
  return BigInt(row!.count);
}

function blockOf([row]: Row[]): TargetBlock | null {
  if (row === undefined) return null;
  return {
    height: BigInt(row.height),
    stateHash: parseStateHash(row.state_hash),
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row.slot),
    ledgerHash: row.ledger_hash,
  };
}
