// The values of the genesis row that its official form has otherwise, by the names that they bear in the
// file of --official-genesis: what a target holds can be held against what a run would write.

import type { EpochData } from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import type { GenesisColumns } from "./output-form.ts";

/** In the file's order, as texts; null where a target's row refers to nothing. */
export type GenesisValues = Readonly<Record<string, string | null>>;

export function genesisValues(columns: GenesisColumns): GenesisValues {
  return {
    snarkedLedgerHash: columns.snarkedLedgerHash,
    lastVrfOutput: columns.lastVrfOutput,
    ...epochValues("stakingEpochData", columns.stakingEpochData),
    ...epochValues("nextEpochData", columns.nextEpochData),
  };
}

/** Null for a target without a genesis block. */
export async function readGenesisValues(target: Session): Promise<GenesisValues | null> {
  const [row] = await target.query<Record<string, string | null>>(
    `select snarked.value as "snarkedLedgerHash", b.last_vrf_output as "lastVrfOutput",
            ${epochColumns("staking")}, ${epochColumns("next")}
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

function epochValues(name: string, epoch: EpochData): GenesisValues {
  return {
    [`${name}.seed`]: epoch.seed,
    [`${name}.ledgerHash`]: epoch.ledgerHash,
    [`${name}.totalCurrency`]: String(epoch.totalCurrency),
    [`${name}.startCheckpoint`]: epoch.startCheckpoint,
    [`${name}.lockCheckpoint`]: epoch.lockCheckpoint,
    [`${name}.epochLength`]: String(epoch.epochLength),
  };
}

function epochColumns(epoch: "staking" | "next"): string {
  const name = `${epoch}EpochData`;
  return `${epoch}.seed as "${name}.seed", ${epoch}_ledger.value as "${name}.ledgerHash",
          ${epoch}.total_currency as "${name}.totalCurrency",
          ${epoch}.start_checkpoint as "${name}.startCheckpoint",
          ${epoch}.lock_checkpoint as "${name}.lockCheckpoint",
          ${epoch}.epoch_length as "${name}.epochLength"`;
}
