// What the archive of a real mainnet node says: the rows of its dump of 18 March 2021, as it came, with
// ids replaced by what they stand for.

import { type DumpRow, parseDumpRows } from "./dump-rows.ts";
import { readSharedGzip } from "./mainnet-data.ts";

/** Of release 1.0. What upgrade scripts add is left out: nothing here was made later than the node. */
const DUMP = "data/mainnet/real-archive/mainnet-archive-588-schema-1.0.sql.gz";

export interface RealArchive {
  /** In the order of their ids: parents before children. */
  readonly blocks: readonly DumpRow[];
  /** By state hash, in the order of application. */
  readonly userCommands: ReadonlyMap<string, readonly DumpRow[]>;
  /** By state hash; a coinbase before the fee transfer that shares its numbers. */
  readonly internalCommands: ReadonlyMap<string, readonly DumpRow[]>;
  /** In the order of their ids, which is that of the genesis ledger. */
  readonly timing: readonly DumpRow[];
}

export function readRealArchive(): RealArchive {
  const tables = parseDumpRows(readSharedGzip(DUMP));
  const rows = (table: string) => tables.get(table)!.toSorted(byNumbers("id"));
  const byId = (table: string) => new Map(rows(table).map((row) => [row["id"]!, row]));
  const keys = byId("public_keys");
  const ledgerHashes = byId("snarked_ledger_hashes");
  const epochs = byId("epoch_data");
  const blocks = byId("blocks");
  const balances = byId("balances");
  const userCommands = byId("user_commands");
  const internalCommands = byId("internal_commands");

  const key = (id: string | null) => keys.get(id!)!["value"]!;
  const balance = (id: string | null | undefined) => {
    if (id == null) return null;
    const { public_key_id: keyId, balance: amount } = balances.get(id)!;
    return `${key(keyId!)} ${amount}`;
  };
  const epoch = (id: string | null) => {
    const { seed, ledger_hash_id: ledgerHashId } = epochs.get(id!)!;
    return `${seed} ${ledgerHashes.get(ledgerHashId!)!["value"]}`;
  };
  const inclusions = (table: string, natural: (row: DumpRow) => DumpRow) => {
    const ordered = tables.get(table)!.map(natural);
    ordered.sort(byNumbers("sequence_no", "secondary_sequence_no", "type"));
    const byBlock = new Map<string, DumpRow[]>();
    for (const { state_hash: stateHash, ...row } of ordered) {
      const before = byBlock.get(stateHash!);
      if (before === undefined) byBlock.set(stateHash!, [row]);
      else before.push(row);
    }
    return byBlock;
  };

  return {
    blocks: rows("blocks").map(({ id: _, ...row }) => ({
      ...row,
      parent_id: row["parent_id"] === null ? null : blocks.get(row["parent_id"]!)!["state_hash"]!,
      creator_id: key(row["creator_id"]!),
      block_winner_id: key(row["block_winner_id"]!),
      snarked_ledger_hash_id: ledgerHashes.get(row["snarked_ledger_hash_id"]!)!["value"]!,
      staking_epoch_data_id: epoch(row["staking_epoch_data_id"]!),
      next_epoch_data_id: epoch(row["next_epoch_data_id"]!),
    })),
    userCommands: inclusions("blocks_user_commands", (row) => {
      const { block_id: blockId, user_command_id: commandId, ...inclusion } = row;
      const { id: _, ...command } = userCommands.get(commandId!)!;
      return {
        ...inclusion,
        ...command,
        state_hash: blocks.get(blockId!)!["state_hash"]!,
        fee_payer_id: key(command["fee_payer_id"]!),
        source_id: key(command["source_id"]!),
        receiver_id: key(command["receiver_id"]!),
        fee_payer_balance: balance(inclusion["fee_payer_balance"]),
        source_balance: balance(inclusion["source_balance"]),
        receiver_balance: balance(inclusion["receiver_balance"]),
      };
    }),
    internalCommands: inclusions("blocks_internal_commands", (row) => {
      const { block_id: blockId, internal_command_id: commandId, ...inclusion } = row;
      const { id: _, ...command } = internalCommands.get(commandId!)!;
      return {
        ...inclusion,
        ...command,
        state_hash: blocks.get(blockId!)!["state_hash"]!,
        receiver_id: key(command["receiver_id"]!),
        receiver_balance: balance(inclusion["receiver_balance"]),
      };
    }),
    timing: rows("timing_info").map(({ id: _, ...row }) => ({
      ...row,
      public_key_id: key(row["public_key_id"]!),
    })),
  };
}

/** By columns that hold numbers, then by one that does not: "coinbase" is before "fee_transfer…". */
function byNumbers(...columns: readonly string[]) {
  return (a: DumpRow, b: DumpRow) => {
    for (const column of columns) {
      const [left, right] = [a[column] ?? "", b[column] ?? ""];
      if (left === right) continue;
      const difference = Number(left) - Number(right);
      return Number.isNaN(difference) ? (left < right ? -1 : 1) : difference;
    }
    return 0;
  };
}
