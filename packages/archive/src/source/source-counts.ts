// How many rows a range of the chain would give the target, counted in the source by its own links:
// a value is new when no lower block of the chain has it.

import type { Session } from "@forklift/postgres";
import { chainCondition, type SourceChain } from "./source-chain.ts";

export interface SourceCounts {
  readonly blocks: number;
  readonly blocksUserCommands: number;
  readonly blocksInternalCommands: number;
  readonly userCommands: number;
  readonly internalCommands: number;
  /** Without those that the caller knows already. */
  readonly publicKeys: number;
  /** Snarked ledger hashes and those of epochs. */
  readonly ledgerHashes: number;
}

/** Columns of `blocks` that hold a public key. */
const BLOCK_KEYS = ["creator_id", "block_winner_id"] as const;
/** Columns of `user_commands` likewise. */
const COMMAND_KEYS = ["fee_payer_id", "source_id", "receiver_id"] as const;

/**
 * Reads only, in one pass over each table of the chain up to its tip.
 * @param above blocks up to this height are in the target already.
 * @param knownKeys public keys that are counted elsewhere.
 */
export async function countSourceRows(
  source: Session,
  chain: SourceChain,
  { above, knownKeys }: { readonly above: bigint; readonly knownKeys: readonly string[] },
): Promise<SourceCounts> {
  const ofChain = [chain.canonicalHeight, chain.tail.map(({ stateHash }) => stateHash), above];
  const count = async (sql: string, params: readonly unknown[] = ofChain) => {
    const [row] = await source.query<{ count: string }>(sql, params);
    return Number(row!.count);
  };
  const included = async (table: string, column: string) => {
    const [row] = await source.query<{ rows: string; fresh: string }>(
      `select coalesce(sum(above), 0) as rows, count(*) filter (where lowest > $3) as fresh
       from (select count(*) filter (where b.height > $3) as above, min(b.height) as lowest
             from ${table} included join blocks b on b.id = included.block_id
             where ${chainCondition("b")} group by included.${column}) command`,
      ofChain,
    );
    return { rows: Number(row!.rows), fresh: Number(row!.fresh) };
  };
  const blocks = await count(
    `select count(*) as count from blocks b where ${chainCondition("b")} and b.height > $3`,
  );
  const user = await included("blocks_user_commands", "user_command_id");
  const internal = await included("blocks_internal_commands", "internal_command_id");
  return {
    blocks,
    blocksUserCommands: user.rows,
    blocksInternalCommands: internal.rows,
    userCommands: user.fresh,
    internalCommands: internal.fresh,
    publicKeys: await count(
      `select count(*) as count
       from (select id from (${keysByHeight()}) used group by id having min(height) > $3) fresh
       join public_keys key on key.id = fresh.id
       left join unnest($4::text[]) as known(value) on known.value = key.value
       where known.value is null`,
      [...ofChain, knownKeys],
    ),
    ledgerHashes: await count(
      `select count(*) as count
       from (select id from (${ledgerHashesByHeight()}) used group by id having min(height) > $3)
         fresh`,
    ),
  };
}

/** Each key that a block or its commands name, with the block's height. */
function keysByHeight(): string {
  const condition = chainCondition("b");
  return [
    ...BLOCK_KEYS.map(
      (column) => `select b.${column} as id, b.height from blocks b where ${condition}`,
    ),
    ...COMMAND_KEYS.map(
      (column) =>
        `select c.${column}, min(b.height) from blocks b
         join blocks_user_commands bc on bc.block_id = b.id
         join user_commands c on c.id = bc.user_command_id where ${condition} group by 1`,
    ),
    `select c.receiver_id, min(b.height) from blocks b
     join blocks_internal_commands bc on bc.block_id = b.id
     join internal_commands c on c.id = bc.internal_command_id where ${condition} group by 1`,
  ].join(" union all ");
}

function ledgerHashesByHeight(): string {
  const condition = chainCondition("b");
  const ofEpoch = (column: string) =>
    `select e.ledger_hash_id, b.height from blocks b join epoch_data e on e.id = b.${column}
     where ${condition}`;
  return [
    `select b.snarked_ledger_hash_id as id, b.height from blocks b where ${condition}`,
    ofEpoch("staking_epoch_data_id"),
    ofEpoch("next_epoch_data_id"),
  ].join(" union all ");
}
