// The source's side of a walk: the ancestors of the target's tip, found by parent hash alone, and blocks beside
// them by state hash. The migration goes by height and chain status, so an error there cannot repeat itself here.

import { type Session, snapshot } from "@forklift/postgres";
import type { Tip } from "../context.ts";
import { findByHash } from "./chain-by-hash.ts";
import { type PlacedRow, WALK_SETTINGS } from "./target-rows.ts";

/**
 * From the tip down to above a height. Heights descend by one, so the walk ends even in a source
 * whose links form a circle.
 */
const CHAIN = `
  with recursive chain as (
    select id, height, parent_hash from blocks where state_hash = $1 and height > $2
    union all
    select parent.id, parent.height, parent.parent_hash
    from chain join blocks parent
      on parent.state_hash = chain.parent_hash and parent.height = chain.height - 1
    where parent.height > $2
  )
  select id, height from chain`;

const BLOCKS = `
  select b.height, b.id::text as block, b.state_hash, b.chain_status::text, b.parent_hash, b.ledger_hash,
         b.global_slot as global_slot_since_hard_fork, b.global_slot_since_genesis,
         b."timestamp"::text, creator.value as creator, winner.value as block_winner
  from blocks b
  left join public_keys creator on creator.id = b.creator_id
  left join public_keys winner on winner.id = b.block_winner_id
  where b.id = any($1)
  order by b.height`;

const USER_COMMANDS = `
  select b.height, b.id::text as block, i.sequence_no::text, c.hash, c.type::text as command_type,
         payer.value as fee_payer, origin.value as source, receiver.value as receiver,
         c.nonce, c.amount::text, c.fee::text,
         nullif(c.valid_until, 4294967295) as valid_until, c.memo,
         i.status::text, i.failure_reason,
         i.receiver_account_creation_fee_paid::text as creation_fee
  from blocks b join blocks_user_commands i on i.block_id = b.id
  left join user_commands c on c.id = i.user_command_id
  left join public_keys payer on payer.id = c.fee_payer_id
  left join public_keys origin on origin.id = c.source_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where b.id = any($1)
  order by b.height, i.sequence_no, c.hash collate "C"`;

const INTERNAL_COMMANDS = `
  select b.height, b.id::text as block, i.sequence_no::text, i.secondary_sequence_no::text,
         c.type::text as command_type, c.hash, receiver.value as receiver, c.fee::text,
         i.receiver_account_creation_fee_paid::text as creation_fee
  from blocks b join blocks_internal_commands i on i.block_id = b.id
  left join internal_commands c on c.id = i.internal_command_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where b.id = any($1)
  order by b.height, i.sequence_no, i.secondary_sequence_no, c.type::text collate "C",
           c.hash collate "C"`;

/** Of an archive of either era, by height above that one; 0 where the chain has no block. */
export async function findChain(archive: Session, tip: Tip, above: bigint): Promise<Int32Array> {
  const ids = new Int32Array(Number(tip.height - above));
  const rows = archive.rows<{ id: number; height: string }>(CHAIN, [tip.stateHash, above]);
  for await (const { id, height } of rows) ids[Number(BigInt(height) - above - 1n)] = id;
  return ids;
}

export interface StretchOfSource {
  readonly blocks: readonly PlacedRow[];
  readonly userCommands: readonly PlacedRow[];
  readonly internalCommands: readonly PlacedRow[];
}

/**
 * The source's ids of the chain, four bytes a block. Every stretch has a snapshot of its own: blocks never
 * change, and a live source must be able to clean up behind itself.
 */
export class SourceChain {
  readonly #source: Session;
  readonly #above: bigint;
  readonly #ids: Int32Array;

  private constructor(source: Session, above: bigint, ids: Int32Array) {
    this.#source = source;
    this.#above = above;
    this.#ids = ids;
  }

  static async find(source: Session, tip: Tip, above: bigint): Promise<SourceChain> {
    return new SourceChain(source, above, await findChain(source, tip, above));
  }

  /** As the target has it: of a source whose links were healed. */
  static async findByHash(
    archives: Parameters<typeof findByHash>[0],
    tip: Tip,
    above: bigint,
  ): Promise<SourceChain> {
    return new SourceChain(archives.source, above, await findByHash(archives, tip, above));
  }

  /** The source's id of the block of the chain; null where the source does not have the target's chain. */
  idAt(height: bigint): number | null {
    return this.#ids[Number(height - this.#above - 1n)] || null;
  }

  /** By state hash, of those that the source has, on the chain or beside it. */
  async idsOf(stateHashes: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (stateHashes.length === 0) return new Map();
    const rows = await this.#source.query<{ id: number; state_hash: string }>(
      "select id, state_hash from blocks where state_hash = any($1)",
      [stateHashes],
    );
    return new Map(rows.map(({ id, state_hash }) => [state_hash, id]));
  }

  async read(ids: readonly number[]): Promise<StretchOfSource> {
    const read = (select: string) => this.#source.query<PlacedRow>(select, [ids]);
    return await snapshot(this.#source, async () => {
      await this.#source.query(WALK_SETTINGS);
      return {
        blocks: await read(BLOCKS),
        userCommands: await read(USER_COMMANDS),
        internalCommands: await read(INTERNAL_COMMANDS),
      };
    });
  }
}
