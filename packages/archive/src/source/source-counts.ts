// How many rows a migration would give the target, counted in the source by its own links: a value is new
// when no block has it that the target holds already.

import type { Session } from "@forklift/postgres";
import { branchCondition, branchParams, type SourceBranches } from "./source-branches.ts";
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

export interface CountedBlocks {
  readonly chain: SourceChain;
  /** Blocks of the chain up to this height are in the target already. */
  readonly above: bigint;
  /** What is migrated beside the chain, and the state hashes of those of it that the target lacks. */
  readonly branches: SourceBranches | null;
  readonly absent: readonly string[];
  /** State hashes of blocks of branches that cannot be migrated. */
  readonly leftOut: readonly string[];
  /** Public keys that are counted elsewhere. */
  readonly knownKeys: readonly string[];
}

/** Whether a block is in the target or will be; `$1` to `$4` are `branchParams`, `$7` are those left out. */
function taken(alias: string): string {
  return `(${chainCondition(alias)}
           or (${branchCondition(alias)} and ${alias}.state_hash <> all($7::text[])))`;
}

/** Whether it is one of those that will be: `$5` is `above`, `$6` are those that the target lacks. */
function fresh(alias: string): string {
  return `(case when ${chainCondition(alias)} then ${alias}.height > $5 else ${alias}.state_hash = any($6) end)`;
}

/** Reads only, in one pass over each table of the blocks that are taken. */
export async function countSourceRows(
  source: Session,
  { chain, above, branches, absent, leftOut, knownKeys }: CountedBlocks,
): Promise<SourceCounts> {
  const ofBlocks = [...branchParams(chain, branches), above, absent, leftOut];
  const count = async (sql: string, params: readonly unknown[] = ofBlocks) => {
    const [row] = await source.query<{ count: string }>(sql, params);
    return Number(row!.count);
  };
  const included = async (table: string, column: string) => {
    const [row] = await source.query<{ rows: string; fresh: string }>(
      `select coalesce(sum(fresh), 0) as rows, count(*) filter (where is_fresh) as fresh
       from (select count(*) filter (where ${fresh("b")}) as fresh, bool_and(${fresh("b")}) as is_fresh
             from ${table} included join blocks b on b.id = included.block_id
             where ${taken("b")} group by included.${column}) command`,
      ofBlocks,
    );
    return { rows: Number(row!.rows), fresh: Number(row!.fresh) };
  };
  const blocks = await count(
    `select count(*) as count from blocks b where ${taken("b")} and ${fresh("b")}`,
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
       from (select id from (${keysOfBlocks()}) used group by id having bool_and(fresh)) fresh
       join public_keys key on key.id = fresh.id
       left join unnest($8::text[]) as known(value) on known.value = key.value
       where known.value is null`,
      [...ofBlocks, knownKeys],
    ),
    ledgerHashes: await count(
      `select count(*) as count
       from (select id from (${ledgerHashesOfBlocks()}) used group by id having bool_and(fresh))
         fresh`,
    ),
  };
}

/** Each key that a block or its commands name, with whether the block is fresh. */
function keysOfBlocks(): string {
  return [
    ...BLOCK_KEYS.map(
      (column) =>
        `select b.${column} as id, ${fresh("b")} as fresh from blocks b where ${taken("b")}`,
    ),
    ...COMMAND_KEYS.map(
      (column) =>
        `select c.${column}, bool_and(${fresh("b")}) from blocks b
         join blocks_user_commands bc on bc.block_id = b.id
         join user_commands c on c.id = bc.user_command_id where ${taken("b")} group by 1`,
    ),
    `select c.receiver_id, bool_and(${fresh("b")}) from blocks b
     join blocks_internal_commands bc on bc.block_id = b.id
     join internal_commands c on c.id = bc.internal_command_id where ${taken("b")} group by 1`,
  ].join(" union all ");
}

function ledgerHashesOfBlocks(): string {
  const ofEpoch = (column: string) =>
    `select e.ledger_hash_id, ${fresh("b")} from blocks b join epoch_data e on e.id = b.${column}
     where ${taken("b")}`;
  return [
    `select b.snarked_ledger_hash_id as id, ${fresh("b")} as fresh from blocks b where ${taken("b")}`,
    ofEpoch("staking_epoch_data_id"),
    ofEpoch("next_epoch_data_id"),
  ].join(" union all ");
}
