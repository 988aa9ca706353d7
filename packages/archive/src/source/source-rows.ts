// The rows of blocks as a damaged source has them: every value a text, a key by what it leads to, and a null
// where that is nothing. For comparing them with a block file, where `readSourceBlocksOf` would refuse them.

import type { Session } from "@forklift/postgres";

/** By the names that our values of a block and of its commands have. */
export type SourceTexts = Readonly<Record<string, string | null>>;

/** One row of `blocks` with what hangs on it. */
export interface SourceRows {
  readonly id: string;
  readonly stateHash: string;
  /** `chainStatus` among the values. */
  readonly block: SourceTexts;
  /** In the order of their sequence numbers. */
  readonly userCommands: readonly SourceTexts[];
  readonly internalCommands: readonly SourceTexts[];
}

interface OfBlock extends SourceTexts {
  readonly blockId: string;
}

const BLOCKS = `
  select b.id::text, b.state_hash as "stateHash", b.height::text, b.parent_hash as "parentHash",
         b.ledger_hash as "ledgerHash", creator.value as creator, winner.value as winner,
         b.global_slot::text as "globalSlotSinceHardFork",
         b.global_slot_since_genesis::text as "globalSlotSinceGenesis",
         b."timestamp"::text, b.chain_status::text as "chainStatus"
  from blocks b
  left join public_keys creator on creator.id = b.creator_id
  left join public_keys winner on winner.id = b.block_winner_id
  where b.state_hash = any($1)
  order by b.id`;

const USER_COMMANDS = `
  select bc.block_id::text as "blockId", bc.sequence_no::text as "sequenceNo", bc.status::text,
         bc.failure_reason as "failureReason", c.type::text, fee_payer.value as "feePayer",
         source.value as source, receiver.value as receiver, c.nonce::text, c.amount::text,
         c.fee::text, nullif(c.valid_until, 4294967295)::text as "validUntil", c.memo, c.hash,
         bc.receiver_account_creation_fee_paid::text as "creationFee"
  from blocks_user_commands bc
  left join user_commands c on c.id = bc.user_command_id
  left join public_keys fee_payer on fee_payer.id = c.fee_payer_id
  left join public_keys source on source.id = c.source_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where bc.block_id = any($1)
  order by bc.block_id, bc.sequence_no, c.hash`;

const INTERNAL_COMMANDS = `
  select bc.block_id::text as "blockId", bc.sequence_no::text as "sequenceNo",
         bc.secondary_sequence_no::text as "secondarySequenceNo", c.type::text,
         receiver.value as receiver, c.fee::text, c.hash,
         bc.receiver_account_creation_fee_paid::text as "creationFee"
  from blocks_internal_commands bc
  left join internal_commands c on c.id = bc.internal_command_id
  left join public_keys receiver on receiver.id = c.receiver_id
  where bc.block_id = any($1)
  order by bc.block_id, bc.sequence_no, bc.secondary_sequence_no, c.type::text <> 'coinbase', c.hash`;

/** Each row of a block that has several; none of a block that the source lacks. */
export async function readSourceRows(
  source: Session,
  stateHashes: readonly string[],
): Promise<SourceRows[]> {
  const blocks = await source.query<SourceTexts & { id: string; stateHash: string }>(BLOCKS, [
    stateHashes,
  ]);
  const ids = blocks.map(({ id }) => id);
  const userCommands = byBlock(await source.query<OfBlock>(USER_COMMANDS, [ids]));
  const internalCommands = byBlock(await source.query<OfBlock>(INTERNAL_COMMANDS, [ids]));
  return blocks.map(({ id, stateHash, ...block }) => ({
    ...{ id, stateHash, block },
    userCommands: userCommands.get(id) ?? [],
    internalCommands: internalCommands.get(id) ?? [],
  }));
}

function byBlock(rows: readonly OfBlock[]): ReadonlyMap<string, SourceTexts[]> {
  const blocks = new Map<string, SourceTexts[]>();
  for (const { blockId, ...texts } of rows) {
    const ofBlock = blocks.get(blockId);
    if (ofBlock === undefined) blocks.set(blockId, [texts]);
    else ofBlock.push(texts);
  }
  return blocks;
}
