// Compares two files that list a ledger, account by account: checkpoints, ours or official, or
// configurations.

import {
  type AccountComparison,
  compareAccounts,
  isWinnerLeftOut,
  LedgerJson,
  withWinner,
} from "@forklift/ledger";
import type { Inform } from "../ledger/hash-ledger.ts";
import { firstKeyOf, warnOfWinner, winnerOf } from "./left-out-winner.ts";
import { readListedLedger, whenListed } from "./listed-ledger.ts";

/** As plain data: `--json` prints exactly this. `expected` is what B has, `found` what A has. */
export interface CheckpointDiff extends AccountComparison {
  readonly ok: boolean;
}

export interface DiffOptions {
  /** How many differences are named. */
  readonly shownMax: number;
  /** Whose genesis winner is added where it is missing. */
  readonly network?: string;
  readonly warn: Inform;
}

/** Holds the accounts of A; those of B pass one by one. */
export async function diffCheckpoints(
  a: string,
  b: string,
  { shownMax, warn, ...options }: DiffOptions,
): Promise<CheckpointDiff> {
  const winner = await winnerOf(options);
  const { ledger, ...first } = await readListedLedger(a, winner);
  if (first.isWinnerLeftOut) await warnOfWinner(a, firstKeyOf(ledger), warn);
  const { comparison, ...second } = await whenListed(b, async (chunks) => {
    const json = new LedgerJson(chunks);
    let firstKey: string | null = null;
    const listed = eachOf(withWinner(json, winner), (account) => {
      if (json.accountCount === 1) firstKey = keyOfListed(account);
    });
    const compared = await compareAccounts(ledger, listed, shownMax);
    const leavesWinner = winner === null && isWinnerLeftOut(json.rest(), json.accountCount);
    return { comparison: compared, isWinnerLeftOut: leavesWinner, firstKey };
  });
  if (second.isWinnerLeftOut) await warnOfWinner(b, second.firstKey, warn);
  const { differingAccounts, misplacedAccounts } = comparison;
  return { ok: differingAccounts + misplacedAccounts === 0, ...comparison };
}

async function* eachOf(
  accounts: AsyncIterable<unknown>,
  see: (account: unknown) => void,
): AsyncGenerator<unknown> {
  for await (const account of accounts) {
    see(account);
    yield account;
  }
}

function keyOfListed(account: unknown): string | null {
  const key = (account as { readonly pk?: unknown } | null)?.pk;
  return typeof key === "string" ? key : null;
}
