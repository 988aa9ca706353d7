// A migrated archive made by hand: a chain of blocks of which a test says what hangs on each.

import type { Session } from "@forklift/postgres";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { createTarget } from "../src/target/create-target.ts";
import { hashOf } from "./old-archive.ts";

export interface MadeBlock {
  readonly height: number;
  readonly slot?: number;
  readonly hasCommand?: boolean;
  readonly isRecorded?: boolean;
}

export interface NewArchive extends AsyncDisposable {
  readonly session: Session;
}

/** Without foreign keys, as before `buildIndexes`: rows refer to no others. */
export async function openNewArchive(blocks: readonly MadeBlock[]): Promise<NewArchive> {
  const database = await openTestDatabase();
  const session = await openTestSession(database);
  await createTarget(session);
  for (const { height, slot = height, hasCommand = false, isRecorded = false } of blocks) {
    await session.query(
      `insert into blocks (id, state_hash, parent_id, parent_hash, creator_id, block_winner_id,
         last_vrf_output, snarked_ledger_hash_id, staking_epoch_data_id, next_epoch_data_id,
         min_window_density, sub_window_densities, total_currency, ledger_hash, height,
         global_slot_since_hard_fork, global_slot_since_genesis, protocol_version_id, "timestamp",
         chain_status)
       values ($1, $2, $1 - 1, $3, 1, 1, 'output', 1, 1, 1, 1, '{}', '0', $4, $1, $5, $5, 1, $1,
         'canonical')`,
      [height, hashOf(`${height}`), hashOf(`${height - 1}`), `ledger ${height}`, slot],
    );
    if (hasCommand) {
      await session.query(
        `insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
         values ($1, $1, 0, 'applied')`,
        [height],
      );
    }
    if (isRecorded) {
      await session.query(
        `insert into accounts_accessed (ledger_index, block_id, account_identifier_id,
           token_symbol_id, balance, nonce, receipt_chain_hash, voting_for_id, permissions_id)
         values ($1 - 1, $1, $1, 1, '7', 0, 'chain', 1, 1)`,
        [height],
      );
    }
  }
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
