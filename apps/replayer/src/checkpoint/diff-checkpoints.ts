// Two files that list a ledger, account by account: checkpoints, ours or official, or configurations.

import { type AccountComparison, compareAccounts, LedgerJson } from "@forklift/ledger";
import { readListedLedger, whenListed } from "./listed-ledger.ts";

/** As plain data: `--json` prints exactly this. `expected` is what B has, `found` what A has. */
export interface CheckpointDiff extends AccountComparison {
  readonly ok: boolean;
}

/** Holds the accounts of A; those of B pass one by one. */
export async function diffCheckpoints(
  a: string,
  b: string,
  shownMax: number,
): Promise<CheckpointDiff> {
  const { ledger } = await readListedLedger(a, null);
  const comparison = await whenListed(b, async (chunks) => {
    const json = new LedgerJson(chunks);
    const compared = await compareAccounts(ledger, json.accounts(), shownMax);
    json.rest();
    return compared;
  });
  const { differingAccounts, misplacedAccounts } = comparison;
  return { ok: differingAccounts + misplacedAccounts === 0, ...comparison };
}
