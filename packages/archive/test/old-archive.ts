// A pre-fork archive made by hand: blocks without commands, whose links and statuses a test chooses.

import { hashText, type StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession } from "@forklift/testkit";

export interface HandMadeBlock {
  readonly name: string;
  readonly parent: string | null;
  readonly height: number;
  readonly status: "canonical" | "pending" | "orphaned";
}

/** A state hash for a name: a real one, so that parsers take it. */
export function hashOf(name: string): StateHash {
  return hashText("stateHash", BigInt(`0x${Buffer.from(name).toString("hex")}`)) as StateHash;
}

/** "1-2-3" is a chain of three blocks, each the parent of the next. */
export function chain(
  names: string,
  from: { readonly parent: string | null; readonly height: number },
  status: HandMadeBlock["status"],
): HandMadeBlock[] {
  let { parent, height } = from;
  return names.split("-").map((name) => {
    const block = { name, parent, height, status };
    parent = name;
    height++;
    return block;
  });
}

export interface OldArchive extends AsyncDisposable {
  readonly session: Session;
}

export async function openOldArchive(blocks: readonly HandMadeBlock[]): Promise<OldArchive> {
  const database = await openTestDatabase();
  const session = await openTestSession(database);
  const { tables, keys, indexes } = await readSchema("mainnet");
  for (const sql of [tables, keys, indexes]) await session.query(sql);
  await session.query(`
    insert into public_keys (value) values ('somebody');
    insert into snarked_ledger_hashes (value) values ('a ledger');
    insert into epoch_data (seed, ledger_hash_id) values ('a seed', 1);`);
  for (const { name, parent, height, status } of blocks) {
    await session.query(
      `insert into blocks (state_hash, parent_id, parent_hash, creator_id, block_winner_id,
         snarked_ledger_hash_id, staking_epoch_data_id, next_epoch_data_id, ledger_hash, height,
         global_slot, global_slot_since_genesis, "timestamp", chain_status)
       values ($1, (select id from blocks where state_hash = $2), $2, 1, 1, 1, 1, 1, 'a ledger', $3,
         $3, $3, $3, $4)`,
      [hashOf(name), hashOf(parent ?? "none"), height, status],
    );
  }
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
