// How many accounts of the genesis ledger a target holds. They are written in the order of the ledger,
// so that whatever a run leaves is a beginning of it, and their number is where the next one goes on.

import { readGenesisLedgerIndexes } from "@forklift/archive";
import type { GenesisLedger } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import { changedTarget } from "./changed-target.ts";

/**
 * Reads only.
 * @throws ConfigError when they are no beginning of the ledger: no run of ours leaves them so.
 */
export async function countGenesisAccounts(
  target: Session,
  { accounts }: GenesisLedger,
): Promise<number> {
  const indexes = await readGenesisLedgerIndexes(target, accounts.length + 1);
  const wrong = indexes.findIndex(
    (ledgerIndex, at) => ledgerIndex !== at || at === accounts.length,
  );
  if (wrong === -1) return indexes.length;
  const expected = wrong === accounts.length ? "no further one" : wrong;
  throw changedTarget(
    `the genesis accounts of the target ${target.maskedUrl} are not those of the genesis ledger: after ` +
      `${wrong} of them comes ledger index ${indexes[wrong]}, expected ${expected}`,
  );
}
