// The blocks of the source that a canonical migration leaves behind, each with all that the old archive holds of it.

import type { BlockRef } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { statusOf } from "./chain-status.ts";
import { mayReadBalances } from "./source-balances.ts";
import { blockRef, type RowOfBlock } from "./source-value.ts";

/** A row of the source: every column under its name, numbers as texts, and beside an id what it stands for. */
export type WholeRow = Readonly<Record<string, unknown>>;

export interface LeftBehindBlock extends BlockRef {
  /** orphaned or pending; a status that we do not know counts as orphaned. */
  readonly isPending: boolean;
  readonly block: WholeRow;
  /** In the order of the block. */
  readonly userCommands: readonly WholeRow[];
  readonly internalCommands: readonly WholeRow[];
  /** Null when the role may not read them. */
  readonly balances: readonly WholeRow[] | null;
}

export interface LeftBehindCounts {
  readonly blocks: number;
  readonly userCommands: number;
  readonly internalCommands: number;
}

/** Numbers as texts: an amount is none that a JSON number holds. */
const whole = (row: string) =>
  `(select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{}')
     else value end) from jsonb_each(to_jsonb(${row})))`;

const key = (id: string) => `(select value from public_keys where id = ${id})`;
const hash = (id: string) => `(select value from snarked_ledger_hashes where id = ${id})`;
const epoch = (id: string) =>
  `(select ${whole("e")} || jsonb_build_object('ledger_hash', ${hash("e.ledger_hash_id")})
    from epoch_data e where e.id = ${id})`;

/** @param command the alias of a command, @param keys its columns that name public keys. */
const commandOf = (command: string, join: string, keys: readonly string[]) =>
  `${whole(join)} || jsonb_build_object('command', ${whole(command)} || jsonb_build_object(${keys
    .map((name) => `'${name}', ${key(`${command}.${name}_id`)}`)
    .join(", ")}))`;

/** Which blocks are left behind, with `$1` saying whether the pending ones are meant, too. */
const LEFT_BEHIND = `(${statusOf("b")} not in ('canonical', 'pending') or $1 and ${statusOf("b")} = 'pending')`;

/**
 * In the order of heights and state hashes, in memory for one block. Until the loop has ended, the session is the
 * cursor's; a caller that wants one picture of the source holds a snapshot.
 * @throws SourceDataError for a height or a state hash that is none.
 */
export async function* readLeftBehind(
  source: Session,
  { withPending }: { readonly withPending: boolean },
): AsyncGenerator<LeftBehindBlock> {
  const balances = (await mayReadBalances(source))
    ? `coalesce((select jsonb_agg(${whole("a")} || jsonb_build_object('public_key', ${key("a.public_key_id")})
         order by a.block_sequence_no, a.block_secondary_sequence_no, a.id)
       from balances a where a.block_id = b.id and a.block_height = b.height), '[]')`
    : "null::jsonb";
  const rows = source.rows<
    RowOfBlock & {
      readonly is_pending: boolean;
      readonly block: WholeRow;
      readonly user_commands: readonly WholeRow[];
      readonly internal_commands: readonly WholeRow[];
      readonly balances: readonly WholeRow[] | null;
    }
  >(
    // What is gathered for a block is gathered behind the sort, which would keep it for all of them.
    `select b.height, b.state_hash, ${statusOf("b")} = 'pending' as is_pending,
            ${whole("b")} || jsonb_build_object(
              'creator', ${key("b.creator_id")}, 'block_winner', ${key("b.block_winner_id")},
              'snarked_ledger_hash', ${hash("b.snarked_ledger_hash_id")},
              'staking_epoch_data', ${epoch("b.staking_epoch_data_id")},
              'next_epoch_data', ${epoch("b.next_epoch_data_id")}) as block,
            coalesce((select jsonb_agg(${commandOf("c", "bc", ["fee_payer", "source", "receiver"])}
                order by bc.sequence_no, c.hash)
              from blocks_user_commands bc join user_commands c on c.id = bc.user_command_id
              where bc.block_id = b.id), '[]') as user_commands,
            coalesce((select jsonb_agg(${commandOf("c", "bc", ["receiver"])}
                order by bc.sequence_no, bc.secondary_sequence_no, c.type::text, c.hash)
              from blocks_internal_commands bc join internal_commands c on c.id = bc.internal_command_id
              where bc.block_id = b.id), '[]') as internal_commands,
            ${balances} as balances
     from (select * from blocks b where ${LEFT_BEHIND} order by b.height, b.state_hash offset 0) b`,
    [withPending],
    ONE_BLOCK,
  );
  for await (const row of rows) {
    yield {
      ...blockRef(row),
      isPending: row.is_pending,
      block: row.block,
      userCommands: row.user_commands,
      internalCommands: row.internal_commands,
      balances: row.balances,
    };
  }
}

/** Rows that a cursor fetches at once: each is a whole block. */
const ONE_BLOCK = 1;

/** By counts of their own, to compare a reading of them with. */
export async function countLeftBehind(
  source: Session,
  { withPending }: { readonly withPending: boolean },
): Promise<LeftBehindCounts> {
  const [counts] = await source.query<Record<keyof LeftBehindCounts, string>>(
    `with kept as (select b.id from blocks b where ${LEFT_BEHIND})
     select (select count(*) from kept) as blocks,
            (select count(*) from blocks_user_commands where block_id in (select id from kept))
              as "userCommands",
            (select count(*) from blocks_internal_commands where block_id in (select id from kept))
              as "internalCommands"`,
    [withPending],
  );
  const { blocks, userCommands, internalCommands } = counts!;
  return {
    blocks: Number(blocks),
    userCommands: Number(userCommands),
    internalCommands: Number(internalCommands),
  };
}
