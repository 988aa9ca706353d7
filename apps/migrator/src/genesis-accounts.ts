// How many accounts of the genesis ledger a target holds. They are written in the order of the ledger,
// so that whatever a run leaves is a beginning of it, and their number is where the next one goes on.

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
  const rows = await target.query<{ ledger_index: number }>(
    `select a.ledger_index from accounts_accessed a
     join blocks b on b.id = a.block_id where b.height = 1
     order by a.ledger_index limit $1`,
    [accounts.length + 1],
  );
  const wrong = rows.findIndex(
    ({ ledger_index }, place) => ledger_index !== place || place === accounts.length,
  );
  if (wrong === -1) return rows.length;
  const expected = wrong === accounts.length ? "no further one" : wrong;
  throw changedTarget(
    `the genesis accounts of the target ${target.maskedUrl} are not those of the genesis ledger: after ` +
      `${wrong} of them comes ledger index ${rows[wrong]!.ledger_index}, expected ${expected}`,
  );
}
