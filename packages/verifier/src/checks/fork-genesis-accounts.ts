// Are the accounts that somebody has written for the fork genesis block those that the last block before the
// fork left? The fork changes none; that they are the fork configuration's is the answer of another check.

import { FormatError } from "@forklift/chain";
import { accountOfRow } from "../account-rows.ts";
import type { WalkCheck } from "../check.ts";
import { columnOf } from "../columns.ts";
import type { Row } from "../compare-rows.ts";
import { findForkGenesis } from "../later-eras.ts";
import { selectAccounts } from "../walk/target-rows.ts";

export const forkGenesisAccounts: WalkCheck = {
  id: "fork-genesis-accounts",
  name: "accounts of the fork genesis block are those of the block before it",
  needs: ["fork config", "later blocks"],

  follow({ target, tip, rebuilt }, findings) {
    return {
      see: () => undefined,
      async end() {
        const fork = await findForkGenesis(target, tip);
        if (fork === null) return;
        const rows = target.rows<Row>(
          `${selectAccounts()} where b.id = $1 order by a.ledger_index`,
          [fork.id],
        );
        for await (const row of rows) {
          findings.rowCompared();
          const key = `height ${fork.height}, public_key ${row["public_key"]}`;
          const place = (name: string) => ({ ...columnOf("accounts_accessed", name), key });
          const account = accountOf(row);
          if (account instanceof Error) {
            const found = account.message;
            findings.add({
              table: "accounts_accessed",
              key,
              column: "*",
              expected: "an account",
              found,
            });
            continue;
          }
          const known = rebuilt.ledger.find(account.publicKey);
          if (known === undefined) {
            const found = "an account that it does not have";
            const expected = `an account of the block at height ${tip.height}`;
            findings.add({ table: "accounts_accessed", key, column: "*", expected, found });
            continue;
          }
          findings.compare(place("ledger_index"), String(known.index), row["ledger_index"]!);
          for (const name of [
            "balance",
            "nonce",
            "receiptChainHash",
            "delegate",
            "votingFor",
          ] as const) {
            const column = COLUMNS[name];
            findings.compare(place(column), String(known.account[name]), String(account[name]));
          }
        }
      },
    };
  },
};

const COLUMNS = {
  balance: "balance",
  nonce: "nonce",
  receiptChainHash: "receipt_chain_hash",
  delegate: "delegate",
  votingFor: "voting_for",
} as const;

function accountOf(row: Row): ReturnType<typeof accountOfRow> | Error {
  try {
    return accountOfRow(row);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}
