// The rows of the accounts that blocks accessed and created.

import type { AccessedAccount, CreatedAccount, ReplayBlock } from "@forklift/archive";
import { ACCOUNT_CREATION_FEE, type Ledger } from "@forklift/ledger";
import type { BlockEffect } from "./apply-block.ts";

export interface RowsOfBlocks {
  readonly accessed: AccessedAccount[];
  readonly created: CreatedAccount[];
}

/** Adds those of a block that the ledger has just been advanced by. */
export function addRows(
  { accessed, created }: RowsOfBlocks,
  ledger: Ledger,
  { id: blockId }: ReplayBlock,
  effect: BlockEffect,
): void {
  for (const ledgerIndex of effect.accessed) {
    accessed.push({ blockId, ledgerIndex, account: ledger.account(ledgerIndex) });
  }
  for (const index of effect.created) {
    const account = ledger.account(index);
    created.push({ blockId, account, creationFee: ACCOUNT_CREATION_FEE });
  }
}
