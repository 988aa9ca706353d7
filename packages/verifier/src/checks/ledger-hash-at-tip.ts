// Do the newest accounts make up the ledger that the tip's ledger hash stands for? This one hash
// covers every balance, nonce, delegate and timing, in every account's right place.

import { Ledger } from "@forklift/ledger";
import { accountOfRow, SELECT_ACCOUNTS } from "../account-rows.ts";
import type { ArchiveCheck } from "../check.ts";
import type { Row } from "../compare-streams.ts";

export const ledgerHashAtTip: ArchiveCheck = {
  id: "ledger-hash-at-tip",
  name: "the newest accounts hash to the tip's ledger hash",

  /** In memory stand the accounts themselves, of which a ledger has at most a million. */
  async run({ target, tip }, findings) {
    const newest = target.rows<Row>(
      `${SELECT_ACCOUNTS}
       join (
         select distinct on (accessed.account_identifier_id)
                accessed.account_identifier_id, accessed.block_id
         from accounts_accessed accessed join blocks b on b.id = accessed.block_id
         order by accessed.account_identifier_id, b.height desc
       ) newest on newest.account_identifier_id = a.account_identifier_id
          and newest.block_id = a.block_id
       order by a.ledger_index, key.value collate "C"`,
    );
    const ledger = new Ledger();
    for await (const row of newest) {
      findings.rowCompared();
      findings.compare(
        {
          table: "accounts_accessed",
          key: `public_key ${row["public_key"]}`,
          column: "ledger_index",
        },
        String(ledger.accountCount),
        row["ledger_index"] ?? null,
      );
      ledger.append(accountOfRow(row));
    }
    const key = `height ${tip.height}, state_hash ${tip.stateHash}`;
    const recomputed = ledger.ledgerHash();
    findings.compare({ table: "blocks", key, column: "ledger_hash" }, recomputed, tip.ledgerHash);
  },
};
