// Are the accounts of the genesis block those of the genesis ledger, value by value?

import { rowOfAccount } from "../account-rows.ts";
import type { WalkCheck } from "../check.ts";
import { compareRowLists } from "../compare-rows.ts";

const GENESIS_HEIGHT = 1n;

export const genesisAccountsEqual: WalkCheck = {
  id: "genesis-accounts-equal",
  name: "accounts of the genesis block equal the genesis ledger",
  needs: [],

  follow({ genesisLedger }, findings) {
    const lists = { table: "accounts_accessed", key: ["ledger_index"] };
    return {
      see({ height, place, accessed: found }) {
        if (height !== GENESIS_HEIGHT) return;
        const expected = genesisLedger.accounts.map(rowOfAccount);
        compareRowLists({ ...lists, place, expected, found }, findings);
      },
    };
  },
};
