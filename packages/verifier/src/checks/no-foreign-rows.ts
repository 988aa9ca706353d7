// Is the target free of what a chain without zkApps and without tokens cannot have?

import type { TableCheck } from "../check.ts";
import type { Row } from "../compare-rows.ts";
import { countTable, DEFAULT_TOKEN, EMPTY_TABLES, type FilledTable } from "../tables.ts";

/** Tables that hold one and the same row in every migrated archive. */
const ONLY_ROWS = {
  tokens: { value: DEFAULT_TOKEN, owner_public_key_id: null, owner_token_id: null },
  token_symbols: { value: "" },
  protocol_versions: { transaction: "2", network: "0", patch: "0" },
  // The old chain's defaults in the new chain's words. The verification key's transaction version
  // is 2 for what comes from protocol 1.x; accounts made after the fork have 3.
  zkapp_permissions: {
    edit_state: "signature",
    send: "signature",
    receive: "none",
    access: "none",
    set_delegate: "signature",
    set_permissions: "signature",
    set_verification_key_auth: "signature",
    set_verification_key_txn_version: "2",
    set_zkapp_uri: "signature",
    edit_action_state: "signature",
    set_token_symbol: "signature",
    increment_nonce: "signature",
    set_voting_for: "signature",
    set_timing: "signature",
  },
} as const satisfies Partial<Record<FilledTable, Row>>;

export const noForeignRows: TableCheck = {
  id: "no-foreign-rows",
  name: "no zkApps, one token, one set of permissions",
  needs: [],

  async run({ target }, findings) {
    for (const table of EMPTY_TABLES) {
      findings.rowCompared();
      const place = { table, key: "all", column: "count(*)" };
      findings.compare(place, "0", await countTable(target, table));
    }
    for (const [table, only] of Object.entries(ONLY_ROWS)) {
      const columns = Object.keys(only).map((column) => `${column}::text`);
      // More than two say no more than two.
      const rows = await target.query<Row>(
        `select ${columns.join(", ")} from ${table} order by id limit 2`,
      );
      const [first, second] = rows;
      findings.rowCompared();
      for (const [column, value] of Object.entries<string | null>(only)) {
        findings.compare({ table, key: "the only row", column }, value, first?.[column] ?? null);
      }
      if (first === undefined || second !== undefined) {
        const found = first === undefined ? "no row" : "more rows";
        findings.add({ table, key: "all", column: "*", expected: "one row", found });
      }
    }
  },
};
