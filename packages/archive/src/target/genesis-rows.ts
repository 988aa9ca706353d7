// The target's rows of the genesis block: its id, its accounts, and the values of its own row.

import type { Session } from "@forklift/postgres";
import type { EpochData } from "./migrated-block.ts";

/** Null for a target without a genesis block. */
export async function findGenesisBlockId(target: Session): Promise<number | null> {
  const [block] = await target.query<{ id: number }>("select id from blocks where height = 1");
  return block?.id ?? null;
}

/** The ledger indexes of the accounts that genesis accessed, ascending; at most `limit` of them. */
export async function readGenesisLedgerIndexes(target: Session, limit: number): Promise<number[]> {
  const rows = await target.query<{ ledger_index: number }>(
    `select a.ledger_index from accounts_accessed a
     join blocks b on b.id = a.block_id where b.height = 1
     order by a.ledger_index limit $1`,
    [limit],
  );
  return rows.map(({ ledger_index }) => ledger_index);
}

/** How many rows of the genesis ledger the target holds already. */
export interface GenesisRowCounts {
  readonly accounts: number;
  /** Of the given ones. */
  readonly publicKeys: number;
}

export async function countGenesisRows(
  target: Session,
  publicKeys: readonly string[],
): Promise<GenesisRowCounts> {
  const [row] = await target.query<{ accounts: number; keys: number }>(
    `select (select count(*)::int from accounts_accessed a join blocks b on b.id = a.block_id
             where b.height = 1) as accounts,
            (select count(*)::int from public_keys where value = any($1)) as keys`,
    [publicKeys],
  );
  return { accounts: row!.accounts, publicKeys: row!.keys };
}

/** Values as texts; null where the row refers to nothing. */
export type EpochTexts = { readonly [Name in keyof EpochData]: string | null };

/** The columns of the genesis row that depend on the form in which it was written. */
export interface GenesisTexts {
  readonly snarkedLedgerHash: string | null;
  readonly lastVrfOutput: string | null;
  readonly stakingEpochData: EpochTexts;
  readonly nextEpochData: EpochTexts;
}

/** Null for a target without a genesis block. */
export async function readGenesisTexts(target: Session): Promise<GenesisTexts | null> {
  const [row] = await target.query<GenesisTexts>(
    `select snarked.value as "snarkedLedgerHash", b.last_vrf_output as "lastVrfOutput",
            ${epochObject("staking")} as "stakingEpochData", ${epochObject("next")} as "nextEpochData"
     from blocks b
     left join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     left join epoch_data staking on staking.id = b.staking_epoch_data_id
     left join snarked_ledger_hashes staking_ledger on staking_ledger.id = staking.ledger_hash_id
     left join epoch_data next on next.id = b.next_epoch_data_id
     left join snarked_ledger_hashes next_ledger on next_ledger.id = next.ledger_hash_id
     where b.height = 1`,
  );
  return row ?? null;
}

/** All of it texts: a number in JSON would lose the digits of an amount. */
function epochObject(epoch: "staking" | "next"): string {
  return `json_build_object(
    'seed', ${epoch}.seed, 'ledgerHash', ${epoch}_ledger.value,
    'totalCurrency', ${epoch}.total_currency::text,
    'startCheckpoint', ${epoch}.start_checkpoint, 'lockCheckpoint', ${epoch}.lock_checkpoint,
    'epochLength', ${epoch}.epoch_length::text)`;
}

/** Of the one block at a height; null where there is none. */
export async function readVrfOutputAt(target: Session, height: bigint): Promise<string | null> {
  const [block] = await target.query<{ last_vrf_output: string }>(
    "select last_vrf_output from blocks where height = $1",
    [height],
  );
  return block?.last_vrf_output ?? null;
}
