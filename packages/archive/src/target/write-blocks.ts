// Writes a batch of blocks and their commands into the Berkeley schema.

import type { StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { findOrInsert, type IdsOf, insertRows } from "./find-or-insert.ts";
import {
  epochData,
  internalCommands,
  protocolVersions,
  publicKeys,
  snarkedLedgerHashes,
  userCommands,
} from "./keyed-tables.ts";
import type { EpochData, MigratedBlock } from "./migrated-block.ts";
import type { RowIds } from "./row-ids.ts";

/** Every block before the Berkeley hard fork. */
const PROTOCOL_VERSION = { transaction: 2, network: 0, patch: 0 } as const;

export interface WriteOptions {
  /**
   * Whether the target holds nothing but the ancestors of these blocks, and each of them is another one's
   * parent, so that none of their user commands can be there: nonces keep a command from being included
   * twice on one chain.
   */
  readonly isOneChain: boolean;
}

/**
 * Writes the blocks, each after its parent, into a target that holds the parents of those whose parent is
 * not among them. The caller owns the transaction. Returns the number of rows written.
 */
export async function writeBlocks(
  target: Session,
  rowIds: RowIds,
  blocks: readonly MigratedBlock[],
  { isOneChain }: WriteOptions,
): Promise<number> {
  const keyIds = await findOrInsert(target, rowIds, publicKeys, keysOf(blocks));
  const blockIds = await writeBlockRows(target, rowIds, blocks, keyIds);
  const ids = { keyIds, blockIds, isOneChain };
  const userRows = await writeUserCommands(target, rowIds, blocks, ids);
  const internalRows = await writeInternalCommands(target, rowIds, blocks, { keyIds, blockIds });
  await rowIds.syncSequences(target);
  return blocks.length + userRows + internalRows;
}

function* keysOf(blocks: readonly MigratedBlock[]): Generator<string> {
  for (const block of blocks) {
    yield block.creator;
    yield block.winner;
    for (const { command } of block.userCommands) {
      yield command.feePayer;
      yield command.source;
      yield command.receiver;
    }
    for (const { command } of block.internalCommands) yield command.receiver;
  }
}

type BlockIds = ReadonlyMap<StateHash, number>;

async function writeBlockRows(
  target: Session,
  rowIds: RowIds,
  blocks: readonly MigratedBlock[],
  keyIds: IdsOf<string>,
): Promise<BlockIds> {
  const ledgerHashIds = await findOrInsert(
    target,
    rowIds,
    snarkedLedgerHashes,
    blocks.flatMap((block) => [
      block.snarkedLedgerHash,
      block.stakingEpochData.ledgerHash,
      block.nextEpochData.ledgerHash,
    ]),
  );
  const keyOfEpoch = (epoch: EpochData) => ({
    ...epoch,
    ledgerHashId: ledgerHashIds(epoch.ledgerHash),
  });
  const epochIds = await findOrInsert(
    target,
    rowIds,
    epochData,
    blocks.flatMap(({ stakingEpochData, nextEpochData }) =>
      [stakingEpochData, nextEpochData].map(keyOfEpoch),
    ),
  );
  const versionIds = await findOrInsert(target, rowIds, protocolVersions, [PROTOCOL_VERSION]);
  const firstId = await rowIds.take(target, "blocks", blocks.length);
  const blockIds = new Map(blocks.map(({ stateHash }, index) => [stateHash, firstId + index]));
  const parentIds = new Map([...(await findParents(target, blocks, blockIds)), ...blockIds]);

  await target.copyIn(
    "blocks",
    BLOCK_COLUMNS,
    blocks.map((block) => [
      blockIds.get(block.stateHash)!,
      block.stateHash,
      parentIds.get(block.parentHash) ?? null,
      block.parentHash,
      keyIds(block.creator),
      keyIds(block.winner),
      block.lastVrfOutput,
      ledgerHashIds(block.snarkedLedgerHash),
      epochIds(keyOfEpoch(block.stakingEpochData)),
      epochIds(keyOfEpoch(block.nextEpochData)),
      block.minWindowDensity,
      block.subWindowDensities,
      block.totalCurrency,
      block.ledgerHash,
      block.height,
      block.globalSlotSinceHardFork,
      block.globalSlotSinceGenesis,
      versionIds(PROTOCOL_VERSION),
      block.timestamp,
      block.chainStatus,
    ]),
  );
  return blockIds;
}

const BLOCK_COLUMNS = [
  "id",
  "state_hash",
  "parent_id",
  "parent_hash",
  "creator_id",
  "block_winner_id",
  "last_vrf_output",
  "snarked_ledger_hash_id",
  "staking_epoch_data_id",
  "next_epoch_data_id",
  "min_window_density",
  "sub_window_densities",
  "total_currency",
  "ledger_hash",
  "height",
  "global_slot_since_hard_fork",
  "global_slot_since_genesis",
  "protocol_version_id",
  "timestamp",
  "chain_status",
] as const;

/** Ids of parents that the target holds: of all but those among the blocks, and that of genesis, which is no block. */
async function findParents(
  target: Session,
  blocks: readonly MigratedBlock[],
  written: BlockIds,
): Promise<[StateHash, number][]> {
  const wanted = new Set(
    blocks.map(({ parentHash }) => parentHash).filter((hash) => !written.has(hash)),
  );
  const rows = await target.query<{ id: number; state_hash: StateHash }>(
    "select id, state_hash from blocks where state_hash = any($1)",
    [[...wanted]],
  );
  return rows.map(({ id, state_hash }) => [state_hash, id]);
}

interface Ids {
  readonly keyIds: IdsOf<string>;
  readonly blockIds: BlockIds;
}

async function writeUserCommands(
  target: Session,
  rowIds: RowIds,
  blocks: readonly MigratedBlock[],
  { keyIds, blockIds, isOneChain }: Ids & WriteOptions,
): Promise<number> {
  const included = blocks.flatMap((block) =>
    block.userCommands.map((inclusion) => ({
      ...inclusion,
      blockId: blockIds.get(block.stateHash)!,
      value: {
        command: inclusion.command,
        feePayerId: keyIds(inclusion.command.feePayer),
        sourceId: keyIds(inclusion.command.source),
        receiverId: keyIds(inclusion.command.receiver),
      },
    })),
  );
  const values = included.map(({ value }) => value);
  let idAt: (index: number) => number;
  if (isOneChain) {
    const first = await insertRows(target, rowIds, userCommands, values);
    idAt = (index) => first + index;
  } else {
    const idOf = await findOrInsert(target, rowIds, userCommands, values);
    idAt = (index) => idOf(values[index]!);
  }
  return await target.copyIn(
    "blocks_user_commands",
    ["block_id", "user_command_id", "sequence_no", "status", "failure_reason"],
    included.map(({ blockId, sequenceNo, status, failureReason }, index) => [
      blockId,
      idAt(index),
      sequenceNo,
      status,
      failureReason,
    ]),
  );
}

async function writeInternalCommands(
  target: Session,
  rowIds: RowIds,
  blocks: readonly MigratedBlock[],
  { keyIds, blockIds }: Ids,
): Promise<number> {
  const included = blocks.flatMap((block) =>
    block.internalCommands.map((inclusion) => ({
      ...inclusion,
      blockId: blockIds.get(block.stateHash)!,
      value: {
        command: inclusion.command,
        receiverId: keyIds(inclusion.command.receiver),
      },
    })),
  );
  const values = included.map(({ value }) => value);
  const commandIds = await findOrInsert(target, rowIds, internalCommands, values);
  return await target.copyIn(
    "blocks_internal_commands",
    ["block_id", "internal_command_id", "sequence_no", "secondary_sequence_no", "status"],
    included.map(({ blockId, value, sequenceNo, secondarySequenceNo }) => [
      blockId,
      commandIds(value),
      sequenceNo,
      secondarySequenceNo,
      "applied",
    ]),
  );
}
