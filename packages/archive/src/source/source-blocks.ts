// Reads blocks with their commands from a pre-fork archive: those of the chosen chain, or some beside it.

import type { IncludedInternalCommand, IncludedUserCommand } from "@forklift/chain";
import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  type GlobalSlotSinceHardFork,
  type LedgerHash,
  type PublicKey,
  parseGlobalSlotSinceGenesis,
  parseGlobalSlotSinceHardFork,
  type StateHash,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { requireEachOnce, type SourceChain } from "./source-chain.ts";
import { readSourceInternalCommands, readSourceUserCommands } from "./source-commands.ts";
import { parseColumn } from "./source-value.ts";

/** A block as the source holds it. */
export interface SourceBlock extends BlockRef {
  readonly parentHash: StateHash;
  readonly ledgerHash: LedgerHash;
  readonly creator: PublicKey;
  readonly winner: PublicKey;
  readonly globalSlotSinceHardFork: GlobalSlotSinceHardFork;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly userCommands: readonly IncludedUserCommand[];
  readonly internalCommands: readonly IncludedInternalCommand[];
}

interface Row {
  readonly id: number;
  readonly height: string;
  readonly state_hash: StateHash;
  readonly parent_hash: StateHash;
  readonly ledger_hash: LedgerHash;
  readonly creator: PublicKey;
  readonly winner: PublicKey;
  readonly global_slot: string;
  readonly global_slot_since_genesis: string;
  readonly timestamp: string;
}

/**
 * The blocks of the chain at the given heights, ascending. Nothing is promised of their links: a
 * caller compares each parent hash with the block before.
 */
export async function readSourceBlocks(
  source: Session,
  chain: SourceChain,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<SourceBlock[]> {
  const tail = chain.tail.filter(({ height }) => height >= from && height <= to);
  return await readBlocks(
    source,
    `b.height between $1 and $2
     and ((b.chain_status = 'canonical' and b.height <= $3) or b.state_hash = any($4))`,
    [from, to, chain.canonicalHeight, tail.map(({ stateHash }) => stateHash)],
  );
}

/**
 * Blocks by their state hashes, on the chain or beside it, by height and state hash. A block is missing when
 * its creator or its winner leads to no public key.
 * @throws SourceDataError for a malformed value of one of them, and for a block with several rows.
 */
export async function readSourceBlocksOf(
  source: Session,
  stateHashes: readonly StateHash[],
): Promise<SourceBlock[]> {
  const blocks = await readBlocks(source, "b.state_hash = any($1)", [stateHashes]);
  requireEachOnce(blocks);
  return blocks;
}

/** @param which a condition on `b`; one of the texts above. */
async function readBlocks(
  source: Session,
  which: string,
  params: readonly unknown[],
): Promise<SourceBlock[]> {
  const rows = await source.query<Row>(
    `select b.id, b.height, b.state_hash, b.parent_hash, b.ledger_hash,
            creator.value as creator, winner.value as winner,
            b.global_slot, b.global_slot_since_genesis, b."timestamp"
     from blocks b
     join public_keys creator on creator.id = b.creator_id
     join public_keys winner on winner.id = b.block_winner_id
     where ${which}
     order by b.height, b.state_hash`,
    params,
  );
  const ids = rows.map(({ id }) => id);
  const userCommands = await readSourceUserCommands(source, ids);
  const internalCommands = await readSourceInternalCommands(source, ids);
  return rows.map((row) => ({
    height: BigInt(row.height),
    stateHash: row.state_hash,
    parentHash: row.parent_hash,
    ledgerHash: row.ledger_hash,
    creator: row.creator,
    winner: row.winner,
    globalSlotSinceHardFork: parseColumn(row, "global_slot", parseGlobalSlotSinceHardFork),
    globalSlotSinceGenesis: parseColumn(
      row,
      "global_slot_since_genesis",
      parseGlobalSlotSinceGenesis,
    ),
    timestamp: BigInt(row.timestamp),
    userCommands: userCommands.get(row.id) ?? [],
    internalCommands: internalCommands.get(row.id) ?? [],
  }));
}
