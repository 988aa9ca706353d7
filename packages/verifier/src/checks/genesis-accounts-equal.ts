// Are the accounts of the genesis block those of the genesis ledger, value by value?

import type { Account } from "@forklift/ledger";
import { rowOfAccount, SELECT_ACCOUNTS } from "../account-rows.ts";
import type { ArchiveCheck } from "../check.ts";
import { compareStreams, type Row } from "../compare-streams.ts";

export const genesisAccountsEqual: ArchiveCheck = {
  id: "genesis-accounts-equal",
  name: "accounts of the genesis block equal the genesis ledger",

  async run({ target, genesisLedger }, findings) {
    const found = target.rows<Row>(
      `${SELECT_ACCOUNTS}
       where a.block_id in (select id from blocks where height = 1)
       order by a.ledger_index, key.value collate "C"`,
    );
    const expected = rowsOfLedger(genesisLedger.accounts);
    const key = { ledger_index: "integer" } as const;
    await compareStreams({ table: "accounts_accessed", key, expected, found }, findings);
  },
};

async function* rowsOfLedger(accounts: readonly Account[]): AsyncGenerator<Row> {
  for (const [index, account] of accounts.entries()) yield rowOfAccount(account, index);
}
