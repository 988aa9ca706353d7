// The values of the genesis row that its official form has otherwise, by the names that they bear
// in the file of --official-genesis: the values of a target can be compared with those that a run
// would write.

import type { EpochData, EpochTexts, GenesisTexts } from "@forklift/archive";
import type { GenesisColumns } from "../form/output-form.ts";

/** In the file's order, as texts; null where a target's row refers to nothing. */
export type GenesisValues = Readonly<Record<string, string | null>>;

/** @param genesis what a run would write, or what a target holds. */
export function genesisValues(genesis: GenesisColumns | GenesisTexts): GenesisValues {
  return {
    snarkedLedgerHash: genesis.snarkedLedgerHash,
    lastVrfOutput: genesis.lastVrfOutput,
    ...epochValues("stakingEpochData", genesis.stakingEpochData),
    ...epochValues("nextEpochData", genesis.nextEpochData),
  };
}

const EPOCH_NAMES = [
  "seed",
  "ledgerHash",
  "totalCurrency",
  "startCheckpoint",
  "lockCheckpoint",
  "epochLength",
] as const;

function epochValues(prefix: string, epoch: EpochData | EpochTexts): GenesisValues {
  return Object.fromEntries(
    EPOCH_NAMES.map((name) => {
      const value = epoch[name];
      return [`${prefix}.${name}`, value === null ? null : String(value)];
    }),
  );
}
