// What the nightly dumps of mainnet say of the commands of each block.

import { type DumpRow, readDumpRows } from "./dump-rows.ts";
import { mainnetDumps } from "./mainnet-data.ts";

export interface ArchivedRows {
  /**
   * By state hash, sorted: for a user command its sequence number, hash, status and failure reason;
   * for an internal command both sequence numbers, type, receiver, fee and hash.
   */
  readonly byBlock: ReadonlyMap<string, readonly string[]>;
  /** Of every row of `user_commands` and `internal_commands`. */
  readonly hashes: ReadonlySet<string>;
}

/** Of all dumps. @throws Error when two of them disagree on a block. */
export function readArchivedRows(): ArchivedRows {
  const byBlock = new Map<string, string[]>();
  const hashes = new Set<string>();
  for (const dump of mainnetDumps()) {
    const tables = readDumpRows(dump);
    for (const [stateHash, rows] of rowsByBlock(tables)) {
      const known = byBlock.get(stateHash) ?? rows.sort();
      if (known.join("\n") !== rows.sort().join("\n")) throw new Error(`${stateHash} in ${dump}`);
      byBlock.set(stateHash, known);
    }
    for (const table of ["user_commands", "internal_commands"]) {
      for (const { hash } of tables.get(table)!) hashes.add(hash!);
    }
  }
  return { byBlock, hashes };
}

function rowsByBlock(tables: ReadonlyMap<string, readonly DumpRow[]>): Map<string, string[]> {
  const byId = (table: string) => new Map(tables.get(table)!.map((row) => [row["id"], row]));
  const keys = byId("public_keys");
  const blocks = byId("blocks");
  const internal = byId("internal_commands");
  const user = byId("user_commands");
  const texts = new Map<string, string[]>();
  const add = ({ block_id: blockId }: DumpRow, ...values: readonly (string | null)[]) => {
    const stateHash = blocks.get(blockId!)!["state_hash"]!;
    const rows = texts.get(stateHash) ?? [];
    texts.set(stateHash, rows);
    rows.push(values.join(" "));
  };
  for (const row of tables.get("blocks_internal_commands")!) {
    const { type, receiver_id, fee, hash } = internal.get(row["internal_command_id"]!)!;
    const receiver = keys.get(receiver_id!)!["value"]!;
    add(row, row["sequence_no"]!, row["secondary_sequence_no"]!, type!, receiver, fee!, hash!);
  }
  for (const row of tables.get("blocks_user_commands")!) {
    const { hash } = user.get(row["user_command_id"]!)!;
    add(row, row["sequence_no"]!, hash!, row["status"]!, row["failure_reason"]!);
  }
  return texts;
}
