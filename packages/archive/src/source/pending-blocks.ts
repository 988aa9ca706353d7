// The blocks of the source that nobody has migrated yet, forks included: those above a height that are not
// orphaned, with what links them, and apart from that the commands of some of them.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  type IncludedInternalCommand,
  type IncludedUserCommand,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { PlacedCommand } from "../replay-block.ts";
import { statusOf } from "./chain-status.ts";
import { requireEachOnce } from "./source-chain.ts";
import { readSourceInternalCommands, readSourceUserCommands } from "./source-commands.ts";
import { blockRef, parseColumn, type RowOfBlock } from "./source-value.ts";

export interface PendingHeader extends BlockRef {
  /** Of the source. */
  readonly id: number;
  /** As the source has it. */
  readonly parentHash: string;
  /** Null when the source does not hold the parent. */
  readonly parentHeight: bigint | null;
  /** As it stands in the table. */
  readonly ledgerHash: LedgerHash;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
}

interface Row extends RowOfBlock {
  readonly id: number;
  readonly parent_hash: string;
  readonly parent_height: string | null;
  readonly ledger_hash: LedgerHash;
  readonly global_slot_since_genesis: string;
}

/**
 * The pending blocks above a height, and canonical ones that lead to them, by height and state hash.
 * @param max how many; the highest ones are left out.
 * @throws SourceDataError for a malformed value, naming block and column, and for a block with several rows.
 */
export async function readPendingHeaders(
  source: Session,
  { above, max }: { readonly above: bigint; readonly max: number },
): Promise<PendingHeader[]> {
  const rows = await source.query<Row>(
    `select b.id, b.height, b.state_hash, b.parent_hash, b.ledger_hash, b.global_slot_since_genesis,
            parent.height as parent_height
     from blocks b left join blocks parent on parent.state_hash = b.parent_hash
     where b.height > $1 and ${statusOf("b")} <> 'orphaned'
     order by b.height, b.state_hash limit $2`,
    [above, max],
  );
  const headers = rows.map((row) => ({
    ...blockRef(row),
    id: row.id,
    parentHash: row.parent_hash,
    parentHeight: row.parent_height === null ? null : BigInt(row.parent_height),
    ledgerHash: row.ledger_hash,
    globalSlotSinceGenesis: parseColumn(
      row,
      "global_slot_since_genesis",
      parseGlobalSlotSinceGenesis,
    ),
  }));
  requireEachOnce(headers);
  return headers;
}

/** The commands of blocks by the source's id of the block, in the order in which it applies them. */
export async function readPlacedCommands(
  source: Session,
  blockIds: readonly number[],
): Promise<ReadonlyMap<number, readonly PlacedCommand[]>> {
  const user = await readSourceUserCommands(source, blockIds);
  const internal = await readSourceInternalCommands(source, blockIds);
  return new Map(blockIds.map((id) => [id, placed(user.get(id) ?? [], internal.get(id) ?? [])]));
}

/** The sort keeps a coinbase, which shares both its numbers with its fee transfer, before it. */
function placed(
  user: readonly IncludedUserCommand[],
  internal: readonly IncludedInternalCommand[],
): PlacedCommand[] {
  const commands: PlacedCommand[] = [
    ...user.map((one) => ({ ...one, kind: "user" as const, secondarySequenceNo: 0 })),
    ...internal.map((one) => ({ ...one, kind: "internal" as const })),
  ];
  return commands.sort(
    (a, b) => a.sequenceNo - b.sequenceNo || a.secondarySequenceNo - b.secondarySequenceNo,
  );
}
