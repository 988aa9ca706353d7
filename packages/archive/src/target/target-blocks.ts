// Single blocks of the target's chain: its tip, the block at a height, of a state hash or of a slot, and the
// last one whose accounts are recorded. A height names one of them: blocks beside the chain, which a complete
// history holds as well, are orphaned or pending.

import {
  type BlockRef,
  FormatError,
  type GlobalSlotSinceGenesis,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  parseStateHash,
} from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

export interface TargetBlock extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** As it stands in the table. */
  readonly ledgerHash: LedgerHash;
}

interface Row {
  readonly height: string;
  readonly state_hash: string;
  readonly slot: string;
  readonly ledger_hash: LedgerHash;
}

const SELECT = "select height, state_hash, global_slot_since_genesis as slot, ledger_hash";

/** The highest migrated block; null for a target without blocks. @throws ConfigError as all below. */
export async function readTargetTip(target: Session): Promise<TargetBlock | null> {
  return await findOne(target, "order by height desc limit 1");
}

/** @throws ConfigError for a block whose values were changed into what is none. */
export async function targetBlockAt(target: Session, height: bigint): Promise<TargetBlock | null> {
  return await findOne(target, "and height = $1", [height]);
}

export async function findTargetBlock(
  target: Session,
  stateHash: string,
): Promise<TargetBlock | null> {
  return await findOne(target, "and state_hash = $1", [stateHash]);
}

/** As `targetBlockAt`, for a caller that asks which block it is before anything is known of its row. */
export async function targetRefAt(target: Session, height: bigint): Promise<BlockRef | null> {
  const row = await findRow(target, "and height = $1", [height]);
  return row && refOf(row);
}

/** As `findTargetBlock`, likewise. */
export async function findTargetRef(target: Session, stateHash: string): Promise<BlockRef | null> {
  const row = await findRow(target, "and state_hash = $1", [stateHash]);
  return row && refOf(row);
}

/** Whatever its chain status: the last blocks of an archive that others have made may be pending. */
export interface AnyBlock extends BlockRef {
  /** As it stands in the table. */
  readonly chainStatus: string;
}

/** @throws ConfigError likewise. */
export async function findAnyBlock(target: Session, stateHash: string): Promise<AnyBlock | null> {
  const [row] = await target.query<Row & { readonly status: string }>(
    `${SELECT}, chain_status::text as status from blocks where state_hash = $1
     order by height limit 1`,
    [stateHash],
  );
  return row === undefined ? null : { ...refOf(row), chainStatus: row.status };
}

/**
 * The state hash, as it stands in the table, of the pending block that is higher than every other block but orphaned
 * ones; null without one.
 */
export async function findPendingEnd(target: Session): Promise<string | null> {
  const [row] = await target.query<Record<"state_hash" | "status", string>>(
    `select state_hash, chain_status::text as status from blocks
     where chain_status::text <> 'orphaned'
     order by height desc, chain_status::text, state_hash limit 1`,
  );
  return row?.status === "pending" ? row.state_hash : null;
}

/** The ledger hash of a block as it stands in its row; null when the target has no such block. */
export async function readLedgerHash(
  target: Session,
  { height, stateHash }: { readonly height: bigint; readonly stateHash: string },
): Promise<LedgerHash | null> {
  const row = await findRow(target, "and height = $1 and state_hash = $2", [height, stateHash]);
  return row?.ledger_hash ?? null;
}

/** The block of a slot or, when that slot is empty, of the last filled one before it. */
export async function targetBlockAtOrBelowSlot(
  target: Session,
  slot: bigint,
): Promise<TargetBlock | null> {
  const atOrBelow = "and global_slot_since_genesis <= $1 order by height desc limit 1";
  return await findOne(target, atOrBelow, [slot]);
}

/** The highest block that has rows in `accounts_accessed`; genesis has them from the migration. */
export async function findLastRecorded(target: Session): Promise<TargetBlock | null> {
  return await findOne(
    target,
    `and exists (select from accounts_accessed a where a.block_id = blocks.id)
     order by height desc limit 1`,
  );
}

/** Those of the state hashes that are blocks of the target, of any chain status, in the order of their heights. */
export async function stateHashesInTarget(
  target: Session,
  stateHashes: readonly string[],
): Promise<string[]> {
  const rows = await target.query<{ state_hash: string }>(
    "select state_hash from blocks where state_hash = any($1) order by height",
    [stateHashes],
  );
  return rows.map(({ state_hash }) => state_hash);
}

async function findOne(...query: Parameters<typeof findRow>): Promise<TargetBlock | null> {
  const row = await findRow(...query);
  return row && blockOf(row);
}

/**
 * The status is compared as a text: in a changed target its type may lack the label, which is no error of ours.
 * @param which what follows the condition that a block is canonical; one of the texts above.
 */
async function findRow(
  target: Session,
  which: string,
  params: readonly unknown[] = [],
): Promise<Row | null> {
  const [row] = await target.query<Row>(
    `${SELECT} from blocks where chain_status::text = 'canonical' ${which}`,
    params,
  );
  return row ?? null;
}

function refOf({ height, state_hash }: Row): BlockRef {
  return checked(height, () => ({ height: BigInt(height), stateHash: parseStateHash(state_hash) }));
}

function blockOf(row: Row): TargetBlock {
  return checked(row.height, () => ({
    ...refOf(row),
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row.slot),
    ledgerHash: row.ledger_hash,
  }));
}

function checked<Block>(height: string, parse: () => Block): Block {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new ConfigError(`the target's block at height ${height} was changed: ${cause.message}`, {
      cause,
      hint: "start again from an empty target, or restore an older set",
    });
  }
}
